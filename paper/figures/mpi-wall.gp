guests = 0
blocks = 3
linetypes = '1 2 6'
what = 'Seconds'
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

# A bar for each program and host.  figure.dat: a block for each host, its first line its name: seconds, program.  Given: blocks, linetypes, what.
set style data histograms
set style histogram clustered gap 1
set boxwidth 0.9 relative
set logscale y
set format y '%g'
set ylabel what
set xtics nomirror scale 0 rotate by -40
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'mpi-wall.dat' index i using 1:xtic(2) linetype (word(linetypes, i + 1) + 0) dashtype 1 linewidth 1 fillstyle solid title columnheader(1)
