# Two traces side by side: shares, wakeup latencies, what the domains fell behind by cause, and Dom0's time.  Bars of error: 95 %.
colours = "#0072B2 #E69F00"
shades = "#0072B2 #8073ac #E69F00 #009E73 #CC79A7 #D55E00 #56B4E9 #F0E442 #999999 #d8d8d8 #7f3b08 #2d004b"
set multiplot layout 2,2
set style fill solid 0.9 border rgb '#404040'
set bars 0.6
set yrange [0:*]
set xtics rotate by -35 noenhanced scale 0

set ylabel 'Share of all pCPUs ('.percent.')'
set key top left Left reverse samplen 1
set style data histograms
set style histogram errorbars gap 1 linewidth 1
plot for [s=0:1] 'diff.dat' index 0 using (column(2+3*s)):(column(3+3*s)):(column(4+3*s)):xtic(1) \
     linecolor rgb word(colours, s+1) dashtype 1 linewidth 0.6 title word("A B", s+1)

# A is thin, B is thick.
set ylabel 'Share of wakeups'
set xlabel 'Wakeup to running ('.us.')'
set style data lines
set logscale x
set format x decades
set xtics norotate enhanced autofreq scale 0.5
set yrange [0:1.02]
set key bottom right Left reverse samplen 2
# Two dots on the axis, so that there is a range even if nobody ever woke.
$axis << END
10 0
1000 0
END
plot $axis with dots linecolor rgb '#ffffff' notitle, \
     for [i=0:2*domains-1] 'diff.dat' index (3+i) with steps linetype (i/2+1) dashtype 1 linewidth 0.8+1.6*(i%2) \
     title sprintf("%s %s", word(labels, i/2+1), word("A B", 1+i%2))

unset logscale x
set format x '% h'
unset xlabel
set ylabel 'Fell behind, or missed (ms/s)'
set yrange [0:*]
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 noborder
set boxwidth 0.8
set xtics rotate by -35 noenhanced scale 0
set key outside right center vertical Left reverse invert samplen 1
plot for [c=2:1+causes] 'diff.dat' index 1 using c:xtic(1) linecolor rgb word(shades, c-1) title columnheader(c)

set ylabel "Dom0's CPU time (ms/s)"
set key inside top left Left reverse noinvert samplen 1
set style histogram errorbars gap 1 linewidth 1
set style fill solid 0.9 border rgb '#404040'
set boxwidth 0.9 relative
if (ledger) plot for [s=0:1] 'diff.dat' index 2 using (column(2+3*s)):(column(3+3*s)):(column(4+3*s)):xtic(1) \
     linecolor rgb word(colours, s+1) dashtype 1 linewidth 0.6 title word("A B", s+1)
unset multiplot
