# A bar for each program and pair of hosts, beside the paper's: guests of one host were less than 15 % slower than processes on it.
# figure.dat: a block for each pair, its first line its name: ratio, program.  Given: blocks, linetypes, what.
set style data histograms
set style histogram clustered gap 1
set boxwidth 0.9 relative
set yrange [0:*]
set ylabel what
set xtics nomirror scale 0 rotate by -40
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'figure.dat' index i using 1:xtic(2) linetype (word(linetypes, i + 1) + 0) dashtype 1 linewidth 1 fillstyle solid title columnheader(1), \
     1 with lines linetype 1 linewidth 1 notitle, 1.15 with lines linetype 4 title 'the paper: Xen / Linux alone below 1.15'
