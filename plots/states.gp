# How each vCPU's time divides into runstates.
set ylabel 'Share of the time ('.percent.')'
set yrange [0:100]
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 noborder
set boxwidth 0.7
set xtics rotate by -35 noenhanced scale 0
set key outside top center horizontal samplen 1
plot for [i=2:6] 'states.dat' using i:xtic(1) title columnheader(i) linecolor rgb word("#0072B2 #E69F00 #d0d0d0 #56B4E9 #D55E00", i-1)
