internal import CFastCGI
internal import Glibc

/// One thread's libfcgi request: reads a request from a connection that the caller accepted, writes its answer.
///
/// libfcgi would accept connections by itself and then keep a kept-alive one on its thread, so that an idle connection
/// occupies a thread. Here a connection is handed in when it has something to read and handed back when the request is
/// finished: `ipcFd` is the whole of libfcgi's state of a connection between two requests.
@safe
final class FastCGIConnection: RequestSource {
    private let request: UnsafeMutablePointer<FCGX_Request>

    init() {
        unsafe request = UnsafeMutablePointer<FCGX_Request>.allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
        // Without a listening socket libfcgi returns an error where it would accept the next connection by itself.
        unsafe FCGX_InitRequest(request, -1, 0)
    }

    deinit {
        unsafe FCGX_Finish_r(request)
        unsafe request.deallocate()
    }

    /// Prepares libfcgi, once in a process, before any connection is made.
    static func initializeLibrary() {
        FCGX_Init()
    }

    /// Reads the head of a request from `descriptor`; false if there was none and the connection is closed.
    func receive(from descriptor: Int32) -> Bool {
        // Otherwise libfcgi closes the connection as the end of the request before.
        unsafe request.pointee.keepConnection = 1
        unsafe request.pointee.ipcFd = descriptor
        guard unsafe FCGX_Accept_r(request) == 0 else { return false }
        // To libfcgi, parameters that break off between two of them are complete.
        if unsafe FCGX_GetError(request.pointee.in) == 0 { return true }
        unsafe FCGX_Free(request, 1)
        return false
    }

    func parameter(_ name: StaticString) -> String? {
        let start = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let value = unsafe FCGX_GetParam(start, request.pointee.envp) else { return nil }
        return unsafe String(cString: value)
    }

    /// Bytes of all parameters.
    var parameterBytes: Int {
        var bytes = 0
        var count = 0
        while let entry = unsafe request.pointee.envp?[count] {
            unsafe bytes += strlen(entry)
            count += 1
        }
        return bytes
    }

    func readBody(limit: Int) -> [UInt8] {
        var body: [UInt8] = []
        while body.count < limit {
            let wanted = min(limit - body.count, 16384)
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                unsafe count = readBody(into: UnsafeMutableRawBufferPointer(buffer))
            }
            // Most come in one.
            if body.isEmpty { body = piece } else { body += piece }
            if piece.count < wanted { break }
        }
        return body
    }

    func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        unsafe Int(
            FCGX_GetStr(
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), request.pointee.in))
    }

    var descriptor: Int32 { unsafe request.pointee.ipcFd }

    /// Writes to the client, through libfcgi's buffer.
    func write(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { buffer in
            _ = unsafe FCGX_PutStr(
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), request.pointee.out)
        }
    }

    /// Sends what is still buffered and ends the request.
    ///
    /// - Returns: the connection, where it can serve another request, and whether the web server took everything: it
    ///   closes the connection early when its client has gone.
    func finish() -> (connection: Int32?, isDelivered: Bool) {
        if unsafe request.pointee.keepConnection != 0, !isBodyConsumed, !discardsBody() {
            unsafe request.pointee.keepConnection = 0
        }
        // Out last: then the answer and the end of the request go out in one write.
        unsafe FCGX_FClose(request.pointee.err)
        let isDelivered = unsafe FCGX_FClose(request.pointee.out) == 0
        unsafe FCGX_Finish_r(request)
        let descriptor = unsafe request.pointee.ipcFd
        unsafe request.pointee.ipcFd = -1
        return (descriptor >= 0 ? descriptor : nil, isDelivered)
    }

    /// Bytes of a body that nobody wanted, which are read all the same: nginx has them already, and would send the next request
    /// on a connection that is closed instead.
    private static let maxDiscarded = 16 << 20

    /// Reads the rest of the body as far as it comes by itself; false where it doesn't come to its end.
    private func discardsBody() -> Bool {
        let descriptor = unsafe request.pointee.ipcFd
        let usual = SocketTimeout.receiving(descriptor)
        SocketTimeout.setReceiving(descriptor, timeval(tv_sec: 0, tv_usec: 50_000))
        defer { SocketTimeout.setReceiving(descriptor, usual) }
        var left = Self.maxDiscarded
        while left > 0 {
            let count = readBody(limit: min(left, 65536)).count
            if unsafe FCGX_HasSeenEOF(request.pointee.in) != 0 {
                return unsafe FCGX_GetError(request.pointee.in) == 0
            }
            if count == 0 { return false }
            left -= count
        }
        return false
    }

    /// Whether the body was read to its end; a connection on which some of it is left can't be used again.
    private var isBodyConsumed: Bool {
        if unsafe FCGX_HasSeenEOF(request.pointee.in) != 0 { return true }
        // Where no body is passed, its end is on the way with the parameters, and reading it can't block.
        let length = parameter("CONTENT_LENGTH") ?? ""
        guard length.isEmpty || length == "0" || parameter("REQUEST_BODY_FILE")?.isEmpty == false else { return false }
        return unsafe FCGX_GetChar(request.pointee.in) == EOF && FCGX_GetError(request.pointee.in) == 0
    }
}
