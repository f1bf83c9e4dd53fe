# From the packaged kernel to a bitstream (make bitstream):
#
#   vivado -mode batch -source vivado/build.tcl -tclargs REPOSITORY FOLDER
#
# REPOSITORY holds the packaged kernel (make ip); into FOLDER go overlay.bit, overlay.hwh and the reports that make compare
# reads. settings.tcl is what the plan and the device say, system.tcl the block design of this kind of board.
set here [file dirname [file normalize [info script]]]
source [file join $here settings.tcl]

# The newest version of a core in the catalog.
proc newest {core} {
    set found [lsort -dictionary [get_ipdefs "$core:*"]]
    if {[llength $found] == 0} { error "the catalog of this Vivado has no core $core" }
    return [lindex $found end]
}

proc make_cell {name core {config {}}} {
    set made [create_bd_cell -type ip -vlnv [newest $core] $name]
    if {[llength $config] > 0} { set_property -dict $config $made }
    return $made
}

# One clock or reset to several pins.
proc wire {from args} {
    foreach to $args { connect_bd_net [get_bd_pins $from] [get_bd_pins $to] }
}

proc join_ports {master slave} {
    connect_bd_intf_net [get_bd_intf_pins $master] [get_bd_intf_pins $slave]
}

# Joins `masters` AXI masters and `slaves` slaves of any width and protocol; `clocks` of them differ.
proc make_switch {name masters slaves clocks} {
    make_cell $name xilinx.com:ip:smartconnect \
        [list CONFIG.NUM_SI $masters CONFIG.NUM_MI $slaves CONFIG.NUM_CLKS $clocks]
}

proc require_run {run} {
    if {[get_property PROGRESS [get_runs $run]] ne "100%"} { error "$run has failed: see its log below build/vivado" }
}

source [file join $here system.tcl]

lassign $argv repository folder
create_project -force overlay [file join $folder vivado] -part $part
if {$board_part ne ""} {
    if {[llength [get_board_parts -quiet $board_part]] == 0} {
        error "Vivado has no files of the board $board_part: install them (Tools, Vivado Store, Boards) or set another\
               board_part in vivado/settings.tcl"
    }
    set_property board_part $board_part [current_project]
}
set_property ip_repo_paths $repository [current_project]
update_ip_catalog
create_bd_design overlay_system
make_cell kernel xilinx.com:hls:overlay
make_system
validate_bd_design
save_bd_design
set design [get_files overlay_system.bd]
generate_target all $design
add_files -norecurse [make_wrapper -files $design -top]
set_property top overlay_system_wrapper [current_fileset]
launch_runs synth_1 -jobs 4
wait_on_run synth_1
require_run synth_1
launch_runs impl_1 -to_step write_bitstream -jobs 4
wait_on_run impl_1
require_run impl_1
open_run impl_1
report_utilization -hierarchical -file [file join $folder overlay_hierarchical_utilization.rpt]
report_timing_summary -file [file join $folder overlay_timing_summary.rpt]
file copy -force [glob [file join $folder vivado overlay.runs impl_1 *.bit]] [file join $folder overlay.bit]
file copy -force [lindex [glob [file join $folder vivado overlay.gen sources_1 bd overlay_system hw_handoff *.hwh]] 0] \
    [file join $folder overlay.hwh]
puts "built [file join $folder overlay.bit]"
