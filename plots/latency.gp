# How long after a wakeup a vCPU ran.
set xlabel 'Wakeup to running ('.us.')'
set ylabel 'Share of wakeups'
set logscale x
set format x decades
set yrange [0:1.02]
set key bottom right
# One dot on the axis, so that there is a range even if nobody ever woke.
$axis << END
100 0
END
plot $axis with dots linecolor rgb '#ffffff' notitle, \
     for [i=1:domains] 'latency.dat' index (i-1) with steps linetype i title word(labels, i)
