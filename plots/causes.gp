# What the domain that is furthest behind fell behind, or missed, up to a time, by cause.
set xlabel 'Time (s)'
set ylabel 'Fell behind, or missed (s)'
set autoscale xfix
set yrange [0:*]
set key outside right center vertical Left reverse invert samplen 1
stats 'causes.dat' skip 1 nooutput
sum_up_to(n) = (n < 2 ? 0 : sum [c=2:n] column(c))
shades = "#0072B2 #E69F00 #009E73 #CC79A7 #D55E00 #56B4E9 #F0E442 #999999 #000000 #7f3b08 #2d004b #8073ac"
plot for [c=2:STATS_columns] 'causes.dat' using 1:(sum_up_to(c - 1)):(sum_up_to(c)) with filledcurves \
         linecolor rgb word(shades, c - 1) fillstyle solid 0.9 border linecolor rgb "#ffffff" title columnheader(c), \
     'causes.dat' using 1:(0) with points pointtype -1 title columnheader(1)
