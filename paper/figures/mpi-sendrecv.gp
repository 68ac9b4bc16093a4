guests = 0
blocks = 3
linetypes = '1 2 6'
what = 'µs, both at once'
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

# One message between two MPI processes, by its size.  figure.dat: a block for each host, its first line its name: bytes, us, standard error.
# Given: blocks, linetypes, what.
set logscale xy
set format x '10^{%L}'
set format y '10^{%L}'
set xlabel 'Message (bytes)'
set ylabel what
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'mpi-sendrecv.dat' index i using 1:2:3 with yerrorlines linetype (word(linetypes, i + 1) + 0) pointtype (word(linetypes, i + 1) + 3) pointsize 0.5 title columnheader(1)
