# Who made whom wait: each column waited, each row held the pCPU that it waited for.
set xlabel 'waited (seconds)'
set ylabel 'held the pCPU'
set xtics rotate by -35 noenhanced scale 0
set ytics noenhanced scale 0
set border 0
set grid noy
set cbrange [0:*]
set palette defined (0 '#f7f7f7', 0.35 '#92c5de', 0.7 '#2166ac', 1 '#053061')
set yrange [*:*] reverse
set autoscale xfix
set autoscale yfix
unset key
stats 'waits.dat' matrix rowheaders columnheaders using 3 nooutput
shade(s) = s > 0.55 * STATS_max ? 0xffffff : 0x000000
plot 'waits.dat' matrix rowheaders columnheaders using 1:2:3 with image pixels, \
     'waits.dat' matrix rowheaders columnheaders using 1:2:(sprintf(STATS_max < 1 && domains <= 8 ? '%.3f' : '%.2f', $3)):(shade($3)) with labels textcolor rgb variable
