/// A moment in milliseconds since 1970-01-01T00:00:00Z, the resolution of the platform's records.
package struct Timestamp: Hashable, Sendable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// This moment `seconds` later.
    package func adding(seconds: Int) -> Timestamp { Timestamp(milliseconds: milliseconds + Int64(seconds) * 1000) }

    /// What a column holds: the years 1 to 9999.
    package static let storable =
        Timestamp(milliseconds: -62_135_596_800_000)...Timestamp(milliseconds: 253_402_300_799_999)

    /// The moment in UTC's calendar, proleptic Gregorian.
    package var calendar: Calendar {
        var seconds = milliseconds / 1000
        var rest = milliseconds % 1000
        if rest < 0 {
            rest += 1000
            seconds -= 1
        }
        var days = seconds / 86400
        var second = seconds % 86400
        if second < 0 {
            second += 86400
            days -= 1
        }
        // Days to civil date, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return Calendar(
            year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month: Int(month),
            day: Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1),
            hour: Int(second / 3600), minute: Int(second / 60 % 60), second: Int(second % 60), millisecond: Int(rest))
    }

    /// A moment in UTC, field by field as a database or a text gives it.
    package struct Calendar: Equatable, Sendable {
        package var year: Int
        package var month: Int
        package var day: Int
        package var hour: Int
        package var minute: Int
        package var second: Int
        package var millisecond: Int

        package init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int) {
            self.year = year
            self.month = month
            self.day = day
            self.hour = hour
            self.minute = minute
            self.second = second
            self.millisecond = millisecond
        }
    }

    /// The moment that `calendar` names.
    package init(_ calendar: Calendar) {
        let year = calendar.year - (calendar.month <= 2 ? 1 : 0)
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (calendar.month + (calendar.month > 2 ? -3 : 9)) + 2) / 5 + calendar.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = Int64(era * 146_097 + dayOfEra - 719_468)
        let seconds = days * 86400 + Int64(calendar.hour * 3600 + calendar.minute * 60 + calendar.second)
        milliseconds = seconds * 1000 + Int64(calendar.millisecond)
    }

    /// A moment in UTC as `2026-01-31T09:05:00Z`, with up to three digits behind the second, or a day's start as
    /// `2026-01-31`; nil for all else.
    package init?(iso8601 text: String) {
        let pattern = Array("0000-00-00T00:00:00".utf8)
        var bytes = Array(text.utf8)
        if bytes.count == 10 { bytes += Array("T00:00:00Z".utf8) }
        guard (20...24).contains(bytes.count), bytes.removeLast() == UInt8(ascii: "Z") else { return nil }
        let fraction = bytes[pattern.count...]
        guard zip(bytes, pattern).allSatisfy({ $1 == UInt8(ascii: "0") ? (0x30...0x39).contains($0) : $0 == $1 }),
            fraction.isEmpty || (fraction.count >= 2 && fraction.first == UInt8(ascii: ".")),
            fraction.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1) - 0x30 } }
        var millisecond = fraction.dropFirst().reduce(0) { $0 * 10 + Int($1) - 0x30 }
        for _ in fraction.count..<4 where !fraction.isEmpty { millisecond *= 10 }
        let calendar = Calendar(
            year: number(0..<4), month: number(5..<7), day: number(8..<10), hour: number(11..<13),
            minute: number(14..<16), second: number(17..<19), millisecond: millisecond)
        guard (1...12).contains(calendar.month) else { return nil }
        self.init(calendar)
        // A day, an hour or a minute that no calendar has comes back as another one.
        guard self.calendar == calendar else { return nil }
    }

    /// As header fields have it: `Sat, 31 Jan 2026 09:05:00 GMT` (RFC 9110 §5.6.7).
    package var httpDate: String {
        let fields = calendar
        let days = Int((Double(milliseconds) / 86_400_000).rounded(.down))
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String(repeating: "0", count: max(0, 4 - String(fields.year).count)) + String(fields.year)
        return "\(weekdays[(days % 7 + 7) % 7]), \(two(fields.day)) \(months[fields.month - 1]) \(year) "
            + "\(two(fields.hour)):\(two(fields.minute)):\(two(fields.second)) GMT"
    }

    /// ISO 8601 with milliseconds and `Z`, as the platform's records have it: `2026-01-31T09:05:00.042Z`.
    package var iso8601: String {
        let fields = calendar
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func put(_ value: Int, _ width: Int, _ separator: UInt8) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            text.append(separator)
        }
        put(min(max(fields.year, 0), 9999), 4, UInt8(ascii: "-"))
        put(fields.month, 2, UInt8(ascii: "-"))
        put(fields.day, 2, UInt8(ascii: "T"))
        put(fields.hour, 2, UInt8(ascii: ":"))
        put(fields.minute, 2, UInt8(ascii: ":"))
        put(fields.second, 2, UInt8(ascii: "."))
        put(fields.millisecond, 3, UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The same in whole seconds: `2026-01-31T09:05:00Z`.
    package var wholeISO8601: String { "\(iso8601.prefix(19))Z" }

    /// The same without what divides: `20260131T090500Z`.
    package var basicISO8601: String { wholeISO8601.filter { $0 != "-" && $0 != ":" } }
}
