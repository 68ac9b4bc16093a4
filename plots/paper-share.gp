# The paper's own kind of plot: how many guests (or processes) got at most a given share; the ideal is a step at 1/N.
# figure.dat: a block for each host, its first line its name.  Given: guests, blocks, linetypes, what.
set xlabel 'Share of '.what.' (%)'
set ylabel 'How many at or below'
set xrange [0:*]
set yrange [0:guests]
set offsets 0, 2, 0.5, 0
set ytics 1
set key above left horizontal maxrows 2 samplen 2 width -3
set arrow 1 from 100.0 / guests, 0 to 100.0 / guests, guests nohead linetype 1 linecolor rgb '#a0a0a0' linewidth 4
plot 1 / 0 with lines linecolor rgb '#a0a0a0' linewidth 4 title sprintf('ideal: %.1f %% each', 100.0 / guests), \
     for [i = 0 : blocks - 1] 'figure.dat' index i using 1:2 with steps linetype (word(linetypes, i + 1) + 0) title columnheader(1)
