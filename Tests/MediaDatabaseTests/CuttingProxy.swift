import Foundation
import MediaTesting
import Synchronization

/// A unix socket in front of MariaDB's that cuts the first connection on which a word passes, behind the word or before
/// it, and then cuts no more.
final class CuttingProxy: Sendable {
    let path: String
    private let folder: TemporaryFolder
    private let server: String
    private let word: [UInt8]
    private let isForwarded: Bool
    private let listener: Int32
    private let hasCut = Atomic<Bool>(false)

    init(to server: String, word: String, isForwarded: Bool) throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/proxy"
        self.server = server
        self.word = Array(word.utf8)
        self.isForwarded = isForwarded
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard Self.call(bind, listener, path) == 0, listen(listener, 8) == 0 else {
            throw TestFailure("the proxy can't listen")
        }
        Thread.detachNewThread { [listener] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                Thread.detachNewThread { [weak self] in self?.serve(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Passes on what both sides send, until one of them closes.
    private func serve(_ client: Int32) {
        let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer {
            close(client)
            close(upstream)
        }
        guard Self.call(connect, upstream, server) == 0 else { return }
        var sides = [client, upstream].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while poll(&sides, 2, -1) > 0 {
            for (from, to) in [(0, upstream), (1, client)] where sides[from].revents != 0 {
                let count = read(sides[from].fd, &buffer, buffer.count)
                guard count > 0 else { return }
                let isCut = from == 0 && contains(buffer[..<count]) && !hasCut.exchange(true, ordering: .relaxed)
                if !isCut || isForwarded { _ = send(to, buffer, count, Int32(MSG_NOSIGNAL)) }
                if isCut {
                    // The server's answer is on the way by now, and goes nowhere.
                    if isForwarded { _ = read(upstream, &buffer, buffer.count) }
                    return
                }
            }
        }
    }

    private func contains(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.firstRange(of: word) != nil }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32, _ path: String
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
