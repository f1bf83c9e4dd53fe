# Vivado's commands for the build scripts of a project, without Vivado: they keep account of the cells, and say what is
# joined with what. A pin is refused if its cell was never made, and an input if something drives it already.
#
#   tclsh vivado_stubs.tcl BUILD.TCL REPOSITORY FOLDER
set cells {}
set driven {}

proc say {args} { puts [join $args " "] }
proc require_cell {pin} {
    set cell [lindex [split [string trimleft $pin /] /] 0]
    if {[lsearch -exact $::cells $cell] < 0} { error "no cell $cell, of pin $pin" }
    return [string trimleft $pin /]
}
proc drive {pin} {
    if {[lsearch -exact $::driven $pin] >= 0} { error "two drive $pin" }
    lappend ::driven $pin
}

proc get_ipdefs {pattern} { return [list [string map {* 1.0} $pattern]] }
proc create_bd_cell {type ip vlnv core name} {
    if {$type ne "-type" || [lsearch -exact $::cells $name] >= 0} { error "cell $name" }
    lappend ::cells $name
    say cell $name [lindex [split $core :] 2]
    return $name
}
proc get_bd_cells {name} { return [require_cell $name] }
# Of the memory controller: what an expression of names would find in it, for two modules.
proc found {pattern} {
    set known {S0_AXI S1_AXI c0_ui_clk c1_ui_clk c0_ui_clk_sync_rst c1_ui_clk_sync_rst c0_aresetn c1_aresetn}
    return [lmap name [lsearch -all -inline -regexp $known "^$pattern\$"] { set name ddr/$name }]
}
proc get_bd_pins {args} {
    if {[llength $args] == 1} { return [require_cell [lindex $args 0]] }
    return [found [lindex [split [lindex $args end] " "] end]]
}
proc get_bd_intf_pins {args} { return [get_bd_pins {*}$args] }
proc connect_bd_net {from to} { drive $to; say net $from $to }
proc connect_bd_intf_net {from to} { drive $to; say interface $from $to }
proc apply_board_connection {args} {
    array set given $args
    drive [require_cell $given(-ip_intf)]
    say board $given(-board_interface) $given(-ip_intf)
}
proc apply_bd_automation {rule name config values target} {
    if {$rule ne "-rule" || $config ne "-config" || [llength $values] % 2} { error "automation of $target" }
    say automation [lindex [split $name :] 2] [require_cell $target]
}
proc set_property {args} {
    if {[lindex $args 0] eq "-dict"} {
        if {[llength [lindex $args 1]] % 2} { error "an odd list of properties" }
        foreach {key value} [lindex $args 1] { if {![string match CONFIG.* $key]} { error "property $key" } }
    }
}
proc get_board_part_interfaces {} {
    return {pci_express_x8 pci_express_x16 pcie_refclk pcie_perstn reset ddr4_sdram_c1_062 ddr4_sdram_c2_062
        default_250mhz_clk1 default_250mhz_clk2 ddr3_sdram_socket_j1_j3}
}
proc get_board_parts {quiet name} { return $name }
proc get_bd_addr_segs {of pin} { return segment_of_$pin }
proc get_bd_addr_spaces {name} { return [require_cell $name] }
proc assign_bd_address {args} { say address {*}$args }
proc get_property {name object} { return 100% }
proc get_files {name} { return $name }
proc make_wrapper {args} { return overlay_system_wrapper.v }
foreach command {
    create_project current_project update_ip_catalog create_bd_design validate_bd_design save_bd_design generate_target
    add_files current_fileset launch_runs wait_on_run get_runs open_run report_utilization report_timing_summary
} { proc $command {args} {} }

# What the implementation leaves behind.
set argv [lassign $argv script]
foreach made {overlay.runs/impl_1/overlay.bit overlay.gen/sources_1/bd/overlay_system/hw_handoff/overlay_system.hwh} {
    set made [file join [lindex $argv 1] vivado $made]
    file mkdir [file dirname $made]
    close [open $made w]
}
source $script
