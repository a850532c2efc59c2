/// Text tracks (W3C WebVTT), which are read strictly: what isn't understood is refused, with its line.
package struct WebVTT: Equatable, Sendable {
    package struct Cue: Equatable, Sendable {
        /// Milliseconds.
        package var start: Int64
        package var end: Int64
        /// Behind the times, such as `line:0`.
        package var settings = ""
        /// Lines, not empty.
        package var text: [String]

        package init(start: Int64, end: Int64, settings: String = "", text: [String]) {
            self.start = start
            self.end = end
            self.settings = settings
            self.text = text
        }
    }

    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let line: Int
        package let reason: String

        package var description: String { "line \(line): \(reason)" }
    }

    package static let maxCues = 50_000

    package var cues: [Cue]

    package init(cues: [Cue]) { self.cues = cues }

    /// - Parameter text: WebVTT, or SubRip (SRT), whose times have a comma.
    package init(reading text: String) throws(Fault) {
        let plain = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let first = lines.first.map { $0.first == "\u{FEFF}" ? String($0.dropFirst()) : $0 } ?? ""
        let isVTT = first == "WEBVTT" || first.hasPrefix("WEBVTT ") || first.hasPrefix("WEBVTT\t")
        cues = []
        var index = 0
        if isVTT { while index < lines.count, !lines[index].isEmpty { index += 1 } }
        while index < lines.count {
            if lines[index].allSatisfy(\.isWhitespace) {
                index += 1
                continue
            }
            let start = index
            while index < lines.count, !lines[index].allSatisfy(\.isWhitespace) { index += 1 }
            let block = Array(lines[start..<index])
            if isVTT, ["NOTE", "STYLE", "REGION"].contains(where: { block[0] == $0 || block[0].hasPrefix($0 + " ") }) {
                continue
            }
            cues.append(try Self.cue(block, at: start + 1))
            guard cues.count <= Self.maxCues else {
                throw Fault(line: start + 1, reason: "more than \(Self.maxCues) cues")
            }
        }
        guard !cues.isEmpty else {
            throw Fault(line: 1, reason: isVTT ? "there are no cues" : "is neither WebVTT nor SRT")
        }
    }

    private static func cue(_ block: [String], at line: Int) throws(Fault) -> Cue {
        let first = block[0].firstRange(of: "-->") != nil || block.count < 2 ? 0 : 1
        let timing = block[first]
        guard let arrow = timing.firstRange(of: "-->") else { throw Fault(line: line, reason: "there are no times") }
        let behind = timing[arrow.upperBound...].split(whereSeparator: \.isWhitespace)
        guard let start = time(timing[..<arrow.lowerBound]), let end = behind.first.flatMap(time) else {
            throw Fault(line: line + first, reason: "the times aren't like 00:01:02.345 --> 00:01:04.000")
        }
        guard end > start else { throw Fault(line: line + first, reason: "it ends before it begins") }
        let text = block.dropFirst(first + 1).map { $0.replacing("-->", with: "→") }
        return Cue(start: start, end: end, settings: behind.dropFirst().joined(separator: " "), text: text)
    }

    private static func time(_ text: some StringProtocol) -> Int64? {
        let plain = text.trimming(while: \.isWhitespace).replacing(",", with: ".")
        let halves = plain.split(separator: ".", omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard halves.count <= 2, (2...3).contains(parts.count), !parts.contains(nil) else { return nil }
        let numbers = parts.compactMap(\.self)
        guard numbers.allSatisfy({ $0 >= 0 }), numbers.dropFirst().allSatisfy({ $0 < 60 }), numbers[0] < 1000 else {
            return nil
        }
        var milliseconds: Int64 = 0
        if halves.count == 2 {
            guard halves[1].count == 3, let value = Int64(halves[1]), value >= 0 else { return nil }
            milliseconds = value
        }
        return numbers.reduce(0) { $0 * 60 + $1 } * 1000 + milliseconds
    }

    /// As a file of WebVTT.
    package var text: String {
        "WEBVTT\n"
            + cues.map { cue in
                let settings = cue.settings.isEmpty ? "" : " \(cue.settings)"
                return "\n\(Self.text(cue.start)) --> \(Self.text(cue.end))\(settings)\n"
                    + cue.text.map { "\($0)\n" }.joined()
            }.joined()
    }

    private static func text(_ milliseconds: Int64) -> String {
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let seconds = milliseconds / 1000
        return
            "\(digits(seconds / 3600, 2)):\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2)).\(digits(milliseconds % 1000, 3))"
    }
}

extension StringProtocol {
    fileprivate func trimming(while isLeftOut: (Character) -> Bool) -> String {
        let start = drop(while: isLeftOut)
        return String(start.reversed().drop(while: isLeftOut).reversed())
    }
}
