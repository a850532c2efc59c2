internal import CMagic
internal import Synchronization

/// Tells a file's type from its first bytes, with libmagic.
///
/// Its database is loaded with the first call, since a worker may never see an upload, and once more where as many threads look at files at
/// the same moment as never before.
package final class TypeDetector: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// How many bytes of a file are looked at.
    package static let headLength = 64 * 1024

    /// A handle of libmagic, which one thread at a time may use.
    // `@unchecked` since a pointer isn't Sendable. Safe to share: a handle is in `free`, behind the lock, or with the one thread that has
    // taken it out, never both.
    @safe
    private final class Magic: @unchecked Sendable {
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
            // How far into a text it looks for some hundred expressions; its own default, 8 KB, takes 0.6 ms more.
            var bytes = 1024
            unsafe magic_setparam(handle, MAGIC_PARAM_REGEX_MAX, &bytes)
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

    /// Those that nobody uses.
    private let free = Mutex<[Magic]>([])

    package init() {}

    /// The type, such as `image/jpeg`; `application/octet-stream` where the bytes say nothing.
    ///
    /// - Parameter head: the first `headLength` bytes, or all of a shorter file.
    package func type(of head: [UInt8]) throws(Failure) -> String {
        let unused = free.withLock { $0.popLast() }
        let magic = if let unused { unused } else { try Magic() }
        defer { free.withLock { $0.append(magic) } }
        return try magic.type(of: head)
    }
}
