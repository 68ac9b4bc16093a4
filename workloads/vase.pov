// SPDX-License-Identifier: GPL-2.0-or-later
// A vase of glass and metal under a sky: the kind of scene that the paper rendered (POV-Ray's skyvase, which Debian does not
// ship): a surface of revolution, reflection, refraction, and a procedural sky.
#version 3.7;
global_settings { assumed_gamma 1 max_trace_level 6 }

camera { location <0, 3.2, -9> look_at <0, 1.6, 0> angle 45 }
light_source { <-20, 30, -25> color rgb 1 }
light_source { <25, 10, -10> color rgb 0.4 shadowless }

sky_sphere {
	pigment {
		bozo turbulence 0.7 octaves 5 omega 0.6 scale <0.4, 0.15, 0.4>
		color_map { [0 color rgb <0.95, 0.95, 1>] [0.4 color rgb <0.7, 0.8, 0.95>] [0.6 color rgb <0.25, 0.4, 0.8>] [1 color rgb <0.2, 0.3, 0.75>] }
	}
}

plane {
	y, 0
	pigment { checker color rgb <0.85, 0.8, 0.7> color rgb <0.3, 0.15, 0.1> }
	finish { reflection 0.25 specular 0.3 }
}

#declare Vase = sor {
	8, <0, -1> <0.9, 0> <1.35, 0.9> <1.5, 1.8> <0.9, 2.8> <0.6, 3.2> <0.95, 3.7> <1, 4.2>
	open
}

object {
	Vase
	pigment { marble turbulence 1.2 color_map { [0 color rgbf <0.9, 0.7, 0.4, 0.3>] [0.5 color rgbf <0.5, 0.2, 0.1, 0.1>] [1 color rgbf <0.95, 0.85, 0.6, 0.5>] } scale 0.7 }
	finish { ambient 0.05 diffuse 0.5 reflection 0.3 specular 0.8 roughness 0.01 }
	interior { ior 1.3 }
}
sphere { <-2.6, 0.8, -1.2>, 0.8 pigment { color rgbf <1, 1, 1, 0.95> } finish { reflection 0.15 specular 0.9 roughness 0.005 } interior { ior 1.5 } }
sphere { <2.4, 0.6, -1.6>, 0.6 pigment { color rgb <0.8, 0.8, 0.85> } finish { reflection 0.7 specular 0.9 metallic } }
