import Foundation

/// A web server's side of FastCGI (version 1, §3 and §6), one request at a time on a connection.
final class FastCGIClient {
    struct Answer: Equatable {
        var status: String
        var fields: [String: String]
        var body: String
    }

    enum Failure: Error {
        case noConnection(Int32)
        case noAnswer(String)
    }

    private enum RecordType: UInt8 {
        case beginRequest = 1
        case endRequest = 3
        case parameters = 4
        case standardInput = 5
        case standardOutput = 6
    }

    private var descriptor: Int32

    /// Connects; whatever takes longer than `timeout` seconds from then on is no answer.
    init(path: String, timeout: Int = 10) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard withUnixAddress(path, { connect(descriptor, $0, $1) }) == 0 else { throw Failure.noConnection(errno) }
    }

    deinit {
        disconnect()
    }

    func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// Sends all of a request.
    func send(_ parameters: [String: String], body: [UInt8] = [], keepsConnection: Bool = true) throws {
        try beginRequest(keepsConnection: keepsConnection)
        try sendParameters(parameters)
        try endParameters()
        try sendBody(body)
    }

    func beginRequest(keepsConnection: Bool = true) throws {
        try sendRecord(.beginRequest, [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
    }

    func sendParameters(_ parameters: [String: String]) throws {
        var content: [UInt8] = []
        for (name, value) in parameters {
            for count in [name.utf8.count, value.utf8.count] {
                if count > 127 {
                    content += [UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF)]
                }
                content.append(UInt8(count & 0xFF))
            }
            content += Array(name.utf8) + Array(value.utf8)
        }
        if !content.isEmpty { try sendRecord(.parameters, content) }
    }

    func endParameters() throws {
        try sendRecord(.parameters, [])
    }

    /// Sends the body and its end.
    func sendBody(_ body: [UInt8]) throws {
        for start in stride(from: 0, to: body.count, by: 60_000) {
            try sendRecord(.standardInput, Array(body[start..<min(start + 60_000, body.count)]))
        }
        try sendRecord(.standardInput, [])
    }

    func sendBytes(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.noConnection(errno) }
            sent += count
        }
    }

    /// The answer to the request, up to the record that ends it.
    func answer() throws -> Answer {
        var output: [UInt8] = []
        while true {
            let header = try bytes(8)
            let content = try bytes(Int(header[4]) << 8 | Int(header[5]))
            _ = try bytes(Int(header[6]))
            switch RecordType(rawValue: header[1]) {
            case .standardOutput: output += content
            case .endRequest: return try Self.parse(output)
            default: throw Failure.noAnswer("a record of type \(header[1])")
            }
        }
    }

    func answer(to parameters: [String: String], body: [UInt8] = []) throws -> Answer {
        try send(parameters, body: body)
        return try answer()
    }

    /// Whether the server has closed, or closes within the timeout, without sending anything more.
    func isClosedByServer() -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    private func sendRecord(_ type: RecordType, _ content: [UInt8]) throws {
        let padding = (8 - content.count % 8) % 8
        let header = [
            1, type.rawValue, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), UInt8(padding), 0,
        ]
        try sendBytes(header + content + [UInt8](repeating: 0, count: padding))
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let part = bytes[received...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard part > 0 else { throw Failure.noAnswer(part == 0 ? "closed" : String(cString: strerror(errno))) }
            received += part
        }
        return bytes
    }

    private static func parse(_ output: [UInt8]) throws -> Answer {
        let text = String(decoding: output, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { throw Failure.noAnswer("without an end of its fields") }
        var fields: [String: String] = [:]
        for line in text[..<end.lowerBound].components(separatedBy: "\r\n") {
            let halves = line.components(separatedBy: ": ")
            fields[halves[0]] = halves.dropFirst().joined(separator: ": ")
        }
        let status = fields.removeValue(forKey: "Status") ?? ""
        return Answer(status: status, fields: fields, body: String(text[end.upperBound...]))
    }
}
