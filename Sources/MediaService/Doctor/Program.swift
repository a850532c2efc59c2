import Glibc

/// A program that is run to its end for what it prints.
enum Program {
    /// A program of this service that lies beside this one.
    static func beside(_ name: String) -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let own = length > 0 ? String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
        return own.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
    }

    /// Whether there is such a program, by its own name or by a link.
    static func exists(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// What a program says on standard output and error; nil where it can't be started.
    ///
    /// - Parameter words: the program and its arguments.
    static func run(_ words: [String]) -> (isSuccess: Bool, text: String)? {
        let quoted = words.map {
            "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        guard let pipe = popen(quoted.joined(separator: " ") + " 2>&1 </dev/null", "re") else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
        let status = pclose(pipe)
        // What a shell says of a program that it doesn't find.
        if status >> 8 & 0xFF == 127 { return nil }
        return (status == 0, String(decoding: bytes, as: UTF8.self))
    }

    /// A variable of the environment; nil where it isn't set, or is empty.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The lines of a file; none where it can't be read.
    static func lines(of path: String) -> [Substring] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
