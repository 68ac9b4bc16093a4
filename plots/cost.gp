# What moving a megabyte cost each guest: its own CPU time, and Dom0's.
set ylabel 'CPU time per megabyte (ms)'
stats 'cost.dat' skip 1 using ($2 + $3 + $4) nooutput
set yrange [0:(STATS_max > 0 ? 1.1 * STATS_max : 1)]
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 noborder
set boxwidth 0.6
set xtics noenhanced scale 0
set key outside top center horizontal samplen 1
plot for [i=2:4] 'cost.dat' using i:xtic(1) title columnheader(i) linecolor rgb word("#0072B2 #E69F00 #999999", i-1), \
     '' skip 1 using 0:(column(2) + column(3) + column(4)):(sprintf('%.0f', column(2) + column(3) + column(4))) with labels offset 0,0.6 notitle
