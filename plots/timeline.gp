# Which domain ran on which pCPU.
set xlabel 'Time (s)'
set xrange [from_s:to_s]
set yrange [-0.6:pcpus-0.4]
set ytics 1
set format y 'pCPU %g'
set grid noy
set style fill solid 1 noborder
set key outside top center horizontal samplen 1
plot for [i=1:domains] 'timeline.dat' using 4:($2 == word(ids, i) + 0 && $6 == word(generations, i) + 0 ? $1 : NaN):4:5:($1 - 0.4):($1 + 0.4) \
     with boxxyerror linecolor i title word(labels, i)
