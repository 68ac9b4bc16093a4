# Jain's index over the length of the window: how long one must wait for fairness; and how many guests ran in a window.
set xlabel 'Window (ms)'
set ylabel 'Jain''s index'
set y2label 'Guests that ran'
set logscale x
set autoscale xfix
set yrange [0:1.05]
set y2range [0:*]
set ytics nomirror
set y2tics
set border 11 linewidth 0.7
set key bottom right
set arrow from graph 0, first 0.95 to graph 1, first 0.95 nohead linewidth 0.7 linecolor rgb '#808080' dashtype 3
plot 'fairness.dat' using 1:2 with linespoints linetype 1 pointtype 7 pointsize 0.4 title 'index, mean', \
     'fairness.dat' using 1:3 with lines linetype 3 title 'index, 5th percentile', \
     'fairness.dat' using 1:4 axes x1y2 with lines linetype 6 title 'guests that ran, mean'
