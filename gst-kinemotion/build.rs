//! Puts the commit and its date into the plugin's description.

fn main() {
    gst_plugin_version_helper::info();
}
