# How long each guest (or process) took, the quickest first.  figure.dat as for paper-share.gp.  Given: guests, blocks, linetypes, what.
set xlabel 'Guest or process, by rank'
set ylabel what
set xrange [0.5:guests + 0.5]
set yrange [0:*]
set xtics 1
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'figure.dat' index i using 2:1 with linespoints linetype (word(linetypes, i + 1) + 0) pointtype (word(linetypes, i + 1) + 3) pointsize 0.6 title columnheader(1)
