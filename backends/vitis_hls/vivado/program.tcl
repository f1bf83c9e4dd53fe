# Loads a bitstream over JTAG (make program): vivado -mode batch -source vivado/program.tcl -tclargs FILE.bit
open_hw_manager
connect_hw_server
open_hw_target
set device [lindex [get_hw_devices] 0]
current_hw_device $device
set_property PROGRAM.FILE [lindex $argv 0] $device
program_hw_devices $device
puts "loaded [lindex $argv 0] into $device"
