# One message between two MPI processes, by its size.  figure.dat: a block for each host, its first line its name: bytes, us, standard error.
# Given: blocks, linetypes, what.
set logscale xy
set format x '10^{%L}'
set format y '10^{%L}'
set xlabel 'Message (bytes)'
set ylabel what
set key above left horizontal samplen 2
plot for [i = 0 : blocks - 1] 'figure.dat' index i using 1:2:3 with yerrorlines linetype (word(linetypes, i + 1) + 0) pointtype (word(linetypes, i + 1) + 3) pointsize 0.5 title columnheader(1)
