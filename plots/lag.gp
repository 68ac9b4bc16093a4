# How far each domain is behind what a fluid scheduler would have given it.
set xlabel 'Time (s)'
set ylabel 'Behind its entitlement (s)'
set autoscale xfix
set xzeroaxis linetype -1 linewidth 0.5 linecolor rgb '#808080'
set key outside top center horizontal samplen 2
plot for [i=1:domains] 'lag.dat' using 1:(column(i + 1)) with lines linetype i title word(labels, i)
