# For whom Dom0 worked, over time: one guest above the other, in grey what was no guest's.
set xlabel 'Time (s)'
set ylabel "Dom0's CPU (".percent." of one pCPU)"
set autoscale xfix
set yrange [0:*]
set key outside top center horizontal samplen 1
stats 'dom0-time.dat' skip 1 nooutput
sum_up_to(n) = (n < 2 ? 0 : sum [c=2:n] column(c))
colours = "#0072B2 #E69F00 #009E73 #CC79A7 #D55E00 #56B4E9 #F0E442 #7f3b08 #8073ac #1b7837"
greys = "#333333 #555555 #777777 #999999 #bbbbbb #dddddd"
rest = STATS_columns - 1 - guests
shade(c) = (c - 1 > guests ? word(greys, 6 - rest + c - 1 - guests) : word(colours, (c - 2) % 10 + 1))
plot for [c=2:STATS_columns] 'dom0-time.dat' using 1:(sum_up_to(c - 1)):(sum_up_to(c)) with filledcurves \
         linecolor rgb shade(c) fillstyle solid 0.9 noborder title columnheader(c)
