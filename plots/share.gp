# The paper's cumulative plot: how many guests got at most a given share of all guests' CPU time.
set xlabel 'Share of all guests'' CPU time ('.percent.')'
set ylabel 'Guests at or below'
set xrange [0:*] noextend
set yrange [0:*] noextend
set offsets 0, 0, 0.4, 0
set ytics 1
set key bottom right
plot 'share.dat' index 1 with lines linetype 2 title 'ideal: 1/N each', \
     'share.dat' index 0 with steps linetype 1 title 'measured'
