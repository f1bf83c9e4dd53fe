# Packages the RTL as an IP and as a kernel of Vitis: vivado -mode batch -source vivado/package_kernel.tcl
source vivado/settings.tcl
set sources [list]
set list [open src/sources.f]
foreach name [split [read $list] "\n"] {
    if {$name ne ""} { lappend sources src/$name }
}
close $list

create_project -force package build/package -part $part
add_files -norecurse [concat $sources src/params.svh src/port_names.svh]
set_property file_type {Verilog Header} [get_files {params.svh port_names.svh}]
# The multiplier slice by instance, not its twin for simulations.
set_property verilog_define SYNTHESIS [current_fileset]
set_property top dynamap_kernel [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir build/ip -vendor dynamap -library kernel -taxonomy /KernelIP -import_files -force
set core [ipx::current_core]
set_property version 1.0 $core
set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
foreach bus [concat s_axi_control $masters] {
    ipx::associate_bus_interfaces -busif $bus -clock ap_clk $core
}
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core

package_xo -force -xo_path build/dynamap_kernel.xo -kernel_name dynamap_kernel -ip_directory build/ip \
    -kernel_xml vivado/kernel.xml -ctrl_protocol ap_ctrl_hs
