# For whom Dom0 worked: its CPU time by guest, and what served no guest.
set ylabel "Dom0's CPU time (s)"
set yrange [0:*]
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 noborder
set boxwidth 0.7
set xtics rotate by -35 noenhanced scale 0
set key outside top center horizontal samplen 1
plot for [i=2:7] 'dom0.dat' using i:xtic(1) title columnheader(i) linecolor rgb word("#0072B2 #56B4E9 #009E73 #E69F00 #CC79A7 #b0b0b0", i-1)
