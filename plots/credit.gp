# Credit over time of the vCPUs that wanted to run most: from least to most in each stretch, by the priority at its end.
stats 'credit.dat' using 1 name 'BEGIN' nooutput
stats 'credit.dat' using 2 name 'END' nooutput
panels = BEGIN_blocks
set xrange [BEGIN_min:END_max]
set yrange [*<-1:1<*]
set ytics 300
set xzeroaxis linetype -1 linewidth 0.5 linecolor rgb '#808080'
set style fill solid 1 noborder
set key at graph 1.01, graph 1 left top Left reverse samplen 1
levels = 'OVER UNDER BOOST'
shades = '#D55E00 #0072B2 #E69F00'
set ylabel 'Credit' offset 1
# One dot in each panel, so that there is a range even where nothing is known.
$axis << DATA
0 0
DATA
set multiplot layout panels,1 margins screen 0.09,0.86,0.14,0.97 spacing screen 0.03
do for [p=0:panels-1] {
    if (p == panels - 1) { set xlabel 'Time (s)'; set format x '%g' } else { unset xlabel; set format x '' }
    plot $axis using (BEGIN_min):2 with dots linecolor rgb '#ffffff' notitle, \
         for [l=0:2] 'credit.dat' index p using (($1 + $2) / 2):($5 == l ? ($3 + $4) / 2 : NaN):1:2:($3 - 4):($4 + 4) \
         with boxxyerror linecolor rgb word(shades, l + 1) title (p == 0 ? word(levels, l + 1) : ''), \
         'credit.dat' index p using (NaN):(NaN) with points pointtype -1 title columnheader(1)
}
unset multiplot
