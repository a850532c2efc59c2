internal import CLinux
internal import Glibc

/// Asks clamd whether a file is infected, by its command INSTREAM (clamd(8)): the file goes over the connection, so clamd may run
/// as whoever it likes, and elsewhere.
package struct VirusScanner: Sendable {
    package enum Verdict: Equatable, Sendable {
        case clean
        /// Of the signature's name.
        case infected(String)
        /// clamd takes no file as long as this one.
        case tooLarge
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where clamd listens.
    package enum Address: Equatable, Sendable {
        case socket(path: String)
        case host(String, port: Int)
    }

    private static let pieceBytes = 256 << 10

    private let address: Address
    private let seconds: Int

    /// - Parameter seconds: that one step may take: to connect, to take a piece, to answer at the end.
    package init(_ address: Address, seconds: Int) {
        self.address = address
        self.seconds = seconds
    }

    /// Whether clamd is there, and what it says of itself.
    package func version() throws(Failure) -> String {
        let connection = try connect()
        defer { close(connection) }
        try send(Array("zVERSION\0".utf8), connection)
        return try answer(connection)
    }

    package func scan(_ file: FileHandle) throws(Failure) -> Verdict {
        let connection = try connect()
        defer { close(connection) }
        // Where it has heard enough it says so and closes: what it has said is there to be read all the same.
        let isTaken = try transfer(file, connection)
        let text = try answer(connection)
        if text.hasSuffix(" FOUND") {
            let name = text.dropLast(" FOUND".count).split(separator: ": ", maxSplits: 1).last.map(String.init)
            return .infected(name ?? "unknown")
        }
        if text.contains("size limit exceeded") { return .tooLarge }
        guard text.hasSuffix(": OK"), isTaken else { throw Failure(description: "clamd says: \(text)") }
        return .clean
    }

    // MARK: The connection

    /// - Returns: whether all of it was taken.
    private func transfer(_ file: FileHandle, _ connection: Int32) throws(Failure) -> Bool {
        guard write(Array("zINSTREAM\0".utf8), connection) else { return false }
        var position: Int64 = 0
        while true {
            let piece: [UInt8]
            do {
                piece = try file.read(at: position, count: Self.pieceBytes)
            } catch {
                throw Failure(description: "the file can't be read: \(error)")
            }
            let length = (0..<4).map { UInt8(truncatingIfNeeded: piece.count >> (24 - 8 * $0)) }
            guard write(length + piece, connection) else { return false }
            if piece.isEmpty { return true }
            position += Int64(piece.count)
        }
    }

    private func send(_ bytes: [UInt8], _ connection: Int32) throws(Failure) {
        guard write(bytes, connection) else { throw Failure(description: "clamd closes the connection") }
    }

    private func write(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Up to the NUL at its end.
    private func answer(_ connection: Int32) throws(Failure) -> String {
        var text: [UInt8] = []
        var byte = [UInt8](repeating: 0, count: 1024)
        while text.count < 4096 {
            let count = recv(connection, &byte, byte.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Failure(description: "clamd doesn't answer in time") }
            if count == 0 { break }
            text += byte[..<count]
            if text.last == 0 { break }
        }
        while text.last == 0 || text.last == UInt8(ascii: "\n") { text.removeLast() }
        guard !text.isEmpty else { throw Failure(description: "clamd closes the connection without an answer") }
        return String(decoding: text, as: UTF8.self)
    }

    private func connect() throws(Failure) -> Int32 {
        switch address {
        case .socket(let path):
            guard let connection = UnixSocket.connect(to: path) else {
                throw Failure(description: "clamd isn't at \(path)")
            }
            UnixSocket.limitWaiting(connection, seconds: seconds)
            return connection
        case .host(let host, let port): return try connect(host, port)
        }
    }

    private func connect(_ host: String, _ port: Int) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = media_sock_stream
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else {
            throw Failure(description: "clamd's host \(host) isn't known")
        }
        defer { freeaddrinfo(list) }
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            let descriptor = socket(
                entry.ai_family, entry.ai_socktype | media_sock_cloexec, entry.ai_protocol)
            guard descriptor >= 0 else { continue }
            UnixSocket.limitWaiting(descriptor, seconds: seconds)
            if Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return descriptor }
            close(descriptor)
        }
        throw Failure(description: "clamd isn't at \(host):\(port)")
    }
}
