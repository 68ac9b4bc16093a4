guests = 3
blocks = 3
linetypes = '1 2 3'
what = 'throughput'
# What all figures share: colours that stay apart for the colour-blind (Okabe and Ito), dashes that stay apart in grey.
set encoding utf8
# LaTeX reads labels itself.
latex = GPVAL_TERM eq 'cairolatex'
percent = latex ? '\%' : '%'
us = latex ? '$\mu$s' : 'µs'
decades = latex ? '$10^{%L}$' : '10^{%L}'
set linetype 1 linecolor rgb '#000000' dashtype 1 linewidth 2
set linetype 2 linecolor rgb '#E69F00' dashtype 2 linewidth 2
set linetype 3 linecolor rgb '#0072B2' dashtype 3 linewidth 2
set linetype 4 linecolor rgb '#009E73' dashtype 4 linewidth 2
set linetype 5 linecolor rgb '#CC79A7' dashtype 5 linewidth 2
set linetype 6 linecolor rgb '#D55E00' dashtype 1 linewidth 2
set linetype 7 linecolor rgb '#56B4E9' dashtype 2 linewidth 2
set linetype 8 linecolor rgb '#F0E442' dashtype 3 linewidth 2
set linetype 9 linecolor rgb '#7f3b08' dashtype 4 linewidth 2
set linetype 10 linecolor rgb '#8073ac' dashtype 1 linewidth 2
set linetype 11 linecolor rgb '#1b7837' dashtype 2 linewidth 2
set linetype 12 linecolor rgb '#999999' dashtype 3 linewidth 2
set linetype cycle 12
set key noenhanced top left Left reverse samplen 3
set tics nomirror out
set border 3 linewidth 0.7
set grid y linewidth 0.4 linecolor rgb '#d0d0d0' dashtype 1

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
     for [i = 0 : blocks - 1] 'share-scp-3.dat' index i using 1:2 with steps linetype (word(linetypes, i + 1) + 0) title columnheader(1)
