# A bar for each program and host.  figure.dat: a block for each host, its first line its name: seconds, program.  Given: blocks, linetypes, what.
set style data histograms
set style histogram clustered gap 1
set boxwidth 0.9 relative
set logscale y
set format y '%g'
set ylabel what
set xtics nomirror scale 0 rotate by -40
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'figure.dat' index i using 1:xtic(2) linetype (word(linetypes, i + 1) + 0) dashtype 1 linewidth 1 fillstyle solid title columnheader(1)
