internal import CMagic
internal import Synchronization

/// Tells a file's type from its first bytes, with libmagic.
///
/// The database is loaded at the first call, once in a process: it costs some 20 ms that a worker which never sees an
/// upload doesn't have to spend.
package final class TypeDetector: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// How many bytes of a file are looked at.
    package static let headLength = 64 * 1024

    /// libmagic's handle, which one thread at a time may use.
    @safe
    private final class Magic {
        /// Not looked for: contents of compressed files, details of programs, and CSV, which prose with commas is taken for.
        private static let flags =
            MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_CSV

        private let handle: magic_t

        init() throws(Failure) {
            guard let handle = unsafe magic_open(Self.flags) else {
                throw Failure(description: "libmagic has no memory")
            }
            unsafe self.handle = handle
            guard unsafe magic_load(handle, nil) == 0 else {
                throw Failure(description: "libmagic can't load its database: \(error)")
            }
        }

        deinit {
            unsafe magic_close(handle)
        }

        private var error: String {
            guard let text = unsafe magic_error(handle) else { return "no reason given" }
            return unsafe String(cString: text)
        }

        func type(of bytes: [UInt8]) throws(Failure) -> String {
            let text = unsafe bytes.withUnsafeBytes { unsafe magic_buffer(handle, $0.baseAddress, $0.count) }
            guard let text = unsafe text else { throw Failure(description: "libmagic failed: \(error)") }
            return unsafe String(cString: text)
        }
    }

    private let magic = Mutex<Magic?>(nil)

    package init() {}

    /// The type, such as `image/jpeg`; `application/octet-stream` where the bytes say nothing.
    ///
    /// - Parameter head: the first `headLength` bytes, or all of a shorter file.
    package func type(of head: [UInt8]) throws(Failure) -> String {
        try magic.withLock { (magic) throws(Failure) in
            if magic == nil { magic = try Magic() }
            return try magic?.type(of: head) ?? "application/octet-stream"
        }
    }
}
