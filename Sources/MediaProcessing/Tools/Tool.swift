internal import Glibc

/// Why a program hasn't done what it was to do.
package struct ToolFailure: Error, CustomStringConvertible, Sendable {
    package enum Kind: Equatable, Sendable {
        /// It isn't there, or the sandbox can't be made.
        case notStarted
        case exit(Int32)
        case signal(Int32)
        /// It took too long.
        case timeout
        /// It said too much.
        case output
    }

    package let kind: Kind
    package let program: String
    /// What it said last on standard error.
    package let lastLines: String

    package init(kind: Kind, program: String, lastLines: String) {
        self.kind = kind
        self.program = program
        self.lastLines = lastLines
    }

    package var description: String {
        let what =
            switch kind {
            case .notStarted: "could not be started"
            case .exit(let status): "ended with status \(status)"
            case .signal(SIGXCPU): "needed too much time of the processor"
            case .signal(SIGXFSZ): "wrote too much"
            case .signal(let number): "was ended by signal \(number)"
            case .timeout: "took too long"
            case .output: "said too much"
            }
        return "\(program) \(what)\(lastLines.isEmpty ? "" : ": \(lastLines)")"
    }

    package var isSignal: Bool {
        if case .signal = kind { true } else { false }
    }

    /// Whether the program itself refused what it was given, and would again.
    package var isRefusal: Bool {
        switch kind {
        case .exit, .signal, .timeout, .output: true
        case .notStarted: false
        }
    }
}

/// Runs a program of others in a sandbox.
package struct Tool: Sendable {
    /// What a program said.
    package struct Output: Sendable {
        /// On standard output.
        package let bytes: [UInt8]
        /// On standard error: the last of it.
        package let errors: String
    }

    /// Bytes of standard error that are kept.
    private static let tail = 4096
    /// Milliseconds after which it is looked whether the program may go on.
    private static let pause: Int32 = 100

    let sandbox: Sandbox
    package var limits: Sandbox.Limits

    package init(sandbox: Sandbox, limits: Sandbox.Limits) {
        self.sandbox = sandbox
        self.limits = limits
    }

    /// Writes as much as a pipe takes at once.
    private static func put(_ bytes: [UInt8], into pipe: Int32) {
        unsafe bytes.withUnsafeBytes { bytes in _ = unsafe write(pipe, bytes.baseAddress, bytes.count) }
    }

    /// - Parameters:
    ///   - program: its path.
    ///   - input: what it reads on standard input: 64 KiB at most.
    ///   - reads: files and folders that it may read.
    ///   - folder: where it runs and may write; its home.
    ///   - check: asked again and again; when it throws, the program is ended.
    ///   - onLine: gets each line of standard output; then nothing of it is returned.
    /// - Throws: `ToolFailure`, or what `check` has thrown.
    package func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], reads: [String] = [], folder: String,
        check: () throws -> Void, onLine: ((String) -> Void)? = nil
    ) throws -> Output {
        precondition(input.count <= 65536, "a pipe takes no more")
        let name = program.split(separator: "/").last.map(String.init) ?? program
        guard unsafe access(program, X_OK) == 0 else {
            throw ToolFailure(kind: .notStarted, program: name, lastLines: "\(program) isn't there.")
        }
        let words = sandbox.command(program, arguments, reads: reads, folder: folder, limits)
        var open: Set<Int32> = []
        defer { for descriptor in open { close(descriptor) } }
        func pipe() throws -> (reading: Int32, writing: Int32) {
            let ends = try SpawnedProcess.pipe()
            open.formUnion([ends.reading, ends.writing])
            return ends
        }
        let (inputEnd, inputStart) = try pipe()
        let (output, outputStart) = try pipe()
        let (_, errorsStart) = try pipe()
        let (filterEnd, filterStart) = try pipe()
        func drop(_ descriptors: Int32...) {
            for descriptor in descriptors where open.remove(descriptor) != nil { close(descriptor) }
        }
        let process: SpawnedProcess
        do {
            defer { drop(inputEnd, outputStart, errorsStart, filterEnd) }
            Self.put(sandbox.hasNamespaces ? Sandbox.callFilter : [], into: filterStart)
            drop(filterStart)
            process = try SpawnedProcess(
                words[0], Array(words.dropFirst()),
                environment: Sandbox.environment + ["HOME=\(folder)", "TMPDIR=\(folder)"],
                descriptors: [
                    (inputEnd, 0), (outputStart, 1), (errorsStart, 2), (filterEnd, Sandbox.callFilterDescriptor),
                ])
        } catch {
            throw ToolFailure(kind: .notStarted, program: name, lastLines: error.description)
        }
        Self.put(input, into: inputStart)
        drop(inputStart)

        var reader = Reader(limit: limits.output, tail: Self.tail, onLine: onLine)
        let end = ContinuousClock.now + .seconds(limits.time)
        var failure: (any Error)?
        var isTooSlow = false
        var status: Int32 = 0
        var hasEnded = false
        // One that closes its ends and goes on is waited for as long as any other.
        while !hasEnded || !open.isEmpty, failure == nil, !isTooSlow, !reader.isTooMuch {
            var entries = open.sorted().map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if unsafe poll(&entries, nfds_t(entries.count), hasEnded ? 0 : open.isEmpty ? 2 : Self.pause) > 0 {
                for entry in entries where entry.revents != 0 && !reader.read(entry.fd, isOutput: entry.fd == output) {
                    drop(entry.fd)
                }
            } else if hasEnded {
                // What it has left running may hold them open.
                break
            }
            if !hasEnded { hasEnded = unsafe waitpid(process.pid, &status, WNOHANG) == process.pid }
            do { try check() } catch { failure = error }
            isTooSlow = ContinuousClock.now >= end
        }
        if !hasEnded {
            kill(-process.pid, SIGKILL)
            while unsafe waitpid(process.pid, &status, 0) == -1, errno == EINTR {}
        }
        // Also what it may have left running.
        kill(-process.pid, SIGKILL)
        if let failure { throw failure }
        func fail(_ kind: ToolFailure.Kind) -> ToolFailure {
            ToolFailure(kind: kind, program: name, lastLines: reader.lastLines)
        }
        if isTooSlow { throw fail(.timeout) }
        if reader.isTooMuch { throw fail(.output) }
        let signal = status & 0x7F
        if signal != 0 { throw fail(.signal(signal)) }
        let code = status >> 8 & 0xFF
        // bwrap says so that its child was ended by a signal.
        if code > 128, code < 128 + 65 { throw fail(.signal(code - 128)) }
        // What stands before the program says so that it didn't come to it.
        let isBefore = ["bwrap: ", "prlimit: ", "setpriv: ", "env: "].contains { reader.lastLines.hasPrefix($0) }
        if code != 0, isBefore { throw fail(.notStarted) }
        guard code == 0 else { throw fail(.exit(code)) }
        reader.endLine()
        return Output(bytes: reader.output, errors: reader.errorText)
    }

    /// What a program says.
    private struct Reader {
        let limit: Int
        let tail: Int
        let onLine: ((String) -> Void)?
        private(set) var output: [UInt8] = []
        private var errors: [UInt8] = []
        private(set) var isTooMuch = false
        private var buffer = [UInt8](repeating: 0, count: 65536)

        init(limit: Int, tail: Int, onLine: ((String) -> Void)?) {
            self.limit = limit
            self.tail = tail
            self.onLine = onLine
        }

        /// - Returns: false at the end.
        mutating func read(_ descriptor: Int32, isOutput: Bool) -> Bool {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { return count < 0 && errno == EINTR }
            if !isOutput {
                errors.append(contentsOf: buffer[..<count])
                errors.removeFirst(max(0, errors.count - tail))
                return true
            }
            output.append(contentsOf: buffer[..<count])
            if let onLine {
                while let end = output.firstIndex(of: UInt8(ascii: "\n")) {
                    onLine(String(decoding: output[..<end], as: UTF8.self))
                    output.removeSubrange(...end)
                }
            }
            isTooMuch = output.count > limit
            return true
        }

        mutating func endLine() {
            guard let onLine, !output.isEmpty else { return }
            onLine(String(decoding: output, as: UTF8.self))
            output = []
        }

        var errorText: String { String(decoding: errors, as: UTF8.self) }

        /// Without what doesn't show.
        var lastLines: String {
            let lines = errorText.split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }.suffix(5)
            let shown = lines.joined(separator: " | ").unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
            return String(String.UnicodeScalarView(shown))
        }
    }
}
