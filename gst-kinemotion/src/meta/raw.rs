//! A `GstMeta` that holds a Rust value.
//!
//! GStreamer copies a meta when an element makes a new buffer from an old one. A payload is cloned on a plain copy and
//! re-expressed in the new picture size on a video scale, because its tags say that it depends on video and size.

use gst::glib;
use gst::glib::translate::{IntoGlib, from_glib};
use std::ffi::CStr;

/// A value that can travel with a buffer.
pub(super) trait Payload: Clone + Send + Sync + 'static {
    /// Name of the meta's API type, unique in the process.
    const API_NAME: &'static CStr;
    /// Name of the meta's implementation, unique in the process.
    const META_NAME: &'static CStr;

    /// Registration, done once on first use.
    fn registration() -> &'static Registration;

    /// The same content for a picture of another size.
    fn rescaled(&self, to: &gst_video::VideoInfo) -> Self;
}

/// The in-memory layout GStreamer allocates: its own header, then the payload.
#[repr(C)]
pub struct RawMeta<T> {
    header: gst::ffi::GstMeta,
    pub(super) payload: T,
}

/// The two handles GStreamer gives for a registered meta.
pub(super) struct Registration {
    pub(super) api: glib::Type,
    info: *const gst::ffi::GstMetaInfo,
}

// SAFETY: the info is written once by gst_meta_register and immutable and alive for the rest of the process.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers the payload's API and implementation. Call once per payload type.
    pub(super) fn new<T: Payload>() -> Self {
        let tags = [c"video".as_ptr(), c"size".as_ptr(), std::ptr::null()];
        // SAFETY: `tags` is NULL-terminated and copied; the names are static C strings; the functions match the layout
        // `RawMeta<T>`, whose size is the one given.
        unsafe {
            let api = gst::ffi::gst_meta_api_type_register(T::API_NAME.as_ptr(), tags.as_ptr() as *mut _);
            let info = gst::ffi::gst_meta_register(
                api,
                T::META_NAME.as_ptr(),
                size_of::<RawMeta<T>>(),
                Some(init::<T>),
                Some(free::<T>),
                Some(transform::<T>),
            );
            assert!(
                !info.is_null(),
                "a meta of this name is registered by another copy of the plugin"
            );
            Self {
                api: from_glib(api),
                info,
            }
        }
    }
}

/// Adds the payload to the buffer and returns GStreamer's pointer to it.
pub(super) fn add<T: Payload>(buffer: &mut gst::BufferRef, payload: T) -> *mut RawMeta<T> {
    let mut params = Some(payload);
    // SAFETY: the buffer is writable by its type; `init::<T>` takes the payload out of `params` before this returns.
    unsafe {
        gst::ffi::gst_buffer_add_meta(
            buffer.as_mut_ptr(),
            T::registration().info,
            (&raw mut params) as glib::ffi::gpointer,
        ) as *mut RawMeta<T>
    }
}

unsafe extern "C" fn init<T: Payload>(
    meta: *mut gst::ffi::GstMeta,
    params: glib::ffi::gpointer,
    _buffer: *mut gst::ffi::GstBuffer,
) -> glib::ffi::gboolean {
    // SAFETY: only `add::<T>` passes parameters, always an `Option<T>` that lives through the call. Without parameters
    // (a foreign caller) the meta is refused and never read.
    unsafe {
        let Some(payload) = (params as *mut Option<T>).as_mut().and_then(Option::take) else {
            return glib::ffi::GFALSE;
        };
        (&raw mut (*(meta as *mut RawMeta<T>)).payload).write(payload);
    }
    glib::ffi::GTRUE
}

unsafe extern "C" fn free<T: Payload>(meta: *mut gst::ffi::GstMeta, _buffer: *mut gst::ffi::GstBuffer) {
    // SAFETY: GStreamer frees a meta once, and only one that `init::<T>` filled.
    unsafe { (&raw mut (*(meta as *mut RawMeta<T>)).payload).drop_in_place() }
}

unsafe extern "C" fn transform<T: Payload>(
    dest: *mut gst::ffi::GstBuffer,
    meta: *mut gst::ffi::GstMeta,
    _source: *mut gst::ffi::GstBuffer,
    kind: glib::ffi::GQuark,
    data: glib::ffi::gpointer,
) -> glib::ffi::gboolean {
    // SAFETY: GStreamer passes a meta of this implementation, a writable destination, and transform data of the kind
    // the quark names.
    unsafe {
        let payload = &(*(meta as *mut RawMeta<T>)).payload;
        let copied = if kind == glib::Quark::from_str("gst-copy").into_glib() {
            payload.clone()
        } else if kind == gst_video::ffi::gst_video_meta_transform_scale_get_quark() && !data.is_null() {
            let sizes = &*(data as *const gst_video::ffi::GstVideoMetaTransform);
            if sizes.out_info.is_null() {
                return glib::ffi::GFALSE;
            }
            payload.rescaled(&gst_video::VideoInfo::from_glib_none(sizes.out_info))
        } else {
            return glib::ffi::GFALSE;
        };
        add(gst::BufferRef::from_mut_ptr(dest), copied);
    }
    glib::ffi::GTRUE
}

use glib::translate::FromGlibPtrNone;

/// Declares the safe wrapper of a payload.
macro_rules! meta_wrapper {
    ($(#[$doc:meta])* $wrapper:ident, $payload:ty, $accessor:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $wrapper($crate::meta::raw::RawMeta<$payload>);

        // SAFETY: the payload is `Send + Sync` and the header is only touched by GStreamer under the buffer's rules.
        unsafe impl Send for $wrapper {}
        // SAFETY: as above.
        unsafe impl Sync for $wrapper {}

        impl $wrapper {
            /// Attaches it to a buffer. The buffer must be writable, its memory need not be.
            pub fn add(buffer: &mut gst::BufferRef, payload: $payload) -> gst::MetaRefMut<'_, Self, gst::meta::Standalone> {
                let raw = $crate::meta::raw::add(buffer, payload);
                // SAFETY: `raw` was just added to this buffer and has this layout.
                unsafe { gst::MetaAPIExt::from_mut_ptr(buffer, raw) }
            }

            /// What the buffer carries, if anything.
            pub fn get(buffer: &gst::BufferRef) -> Option<&$payload> {
                buffer.meta::<Self>().map(|meta| {
                    // SAFETY: the meta lives as long as the buffer that is borrowed here.
                    unsafe { &(*meta.as_ptr()).payload }
                })
            }

            /// The content.
            pub fn $accessor(&self) -> &$payload {
                &self.0.payload
            }
        }

        // SAFETY: `RawMeta` is `repr(C)` and starts with the `GstMeta` header.
        unsafe impl gst::MetaAPI for $wrapper {
            type GstType = $crate::meta::raw::RawMeta<$payload>;

            fn meta_api() -> gst::glib::Type {
                <$payload as $crate::meta::raw::Payload>::registration().api
            }
        }

        impl std::fmt::Debug for $wrapper {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($wrapper)).field(self.$accessor()).finish()
            }
        }
    };
}
pub(super) use meta_wrapper;
