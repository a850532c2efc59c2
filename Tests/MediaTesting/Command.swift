import CLinux
import Glibc

/// A program that is run to its end.
package struct Command: Sendable {
    /// As a shell gives it: 128 and the signal where one ended the program.
    package let status: Int32
    package let output: [UInt8]
    package let errors: String

    package var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs a program and collects what it writes.
    package init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws(TestFailure) {
        var outputs: [Int32] = [-1, -1]
        var errors: [Int32] = [-1, -1]
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard null >= 0, pipe2(&outputs, O_CLOEXEC) == 0, pipe2(&errors, O_CLOEXEC) == 0 else {
            throw TestFailure("no descriptors are left")
        }
        let process: Int32
        do {
            defer { for descriptor in [null, outputs[1], errors[1]] { close(descriptor) } }
            process = try Spawn.start(
                executable, arguments, environment: Spawn.environment.merging(environment) { $1 },
                descriptors: [null, outputs[1], errors[1]])
        } catch {
            close(outputs[0])
            close(errors[0])
            throw error
        }
        let collected = Self.collect(outputs[0], errors[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        self.status = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
        output = collected.0
        self.errors = String(decoding: collected.1, as: UTF8.self)
    }

    /// Runs a program that has to succeed.
    ///
    /// - Returns: what it wrote, without the line break at the end.
    @discardableResult
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws(TestFailure) -> String {
        let command = try Command(executable, arguments, environment: environment)
        guard command.status == 0 else {
            throw TestFailure("\(executable) \(arguments): exit \(command.status)\n\(command.text)\(command.errors)")
        }
        return command.text.last == "\n" ? String(command.text.dropLast()) : command.text
    }

    /// Reads two descriptors to their ends and closes them.
    private static func collect(_ first: Int32, _ second: Int32) -> ([UInt8], [UInt8]) {
        var waiting = [pollfd(fd: first, events: Int16(POLLIN), revents: 0)]
        waiting.append(pollfd(fd: second, events: Int16(POLLIN), revents: 0))
        var collected: [[UInt8]] = [[], []]
        var buffer = [UInt8](repeating: 0, count: 65536)
        while waiting.contains(where: { $0.fd >= 0 }) {
            guard poll(&waiting, 2, -1) > 0 else { continue }
            for index in 0..<2 where waiting[index].fd >= 0 && waiting[index].revents != 0 {
                let count = read(waiting[index].fd, &buffer, buffer.count)
                if count > 0 {
                    collected[index] += buffer[..<count]
                } else if count == 0 || errno != EINTR {
                    close(waiting[index].fd)
                    waiting[index].fd = -1
                }
            }
        }
        return (collected[0], collected[1])
    }
}
