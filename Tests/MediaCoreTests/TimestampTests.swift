import Glibc
import MediaCore
import Testing

struct TimestampTests {
    @Test(
        "writes ISO 8601 with milliseconds and Z",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (-1000, "1969-12-31T23:59:59.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_769_850_300_042, "2026-01-31T09:05:00.042Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (1_709_210_096_789, "2024-02-29T12:34:56.789Z"),
        ] as [(Int64, String)])
    func iso8601(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
    }

    @Test("the calendar agrees with the C library's from the year -9999 to 9999")
    func calendarAgainstLibrary() throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<20_000 {
            let seconds = Int.random(in: -377_705_116_800...253_402_300_799, using: &generator)
            let rest = Int64.random(in: 0...999, using: &generator)
            var time = time_t(seconds)
            var fields = tm()
            gmtime_r(&time, &fields)
            let expected = Timestamp.Calendar(
                year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
                hour: Int(fields.tm_hour), minute: Int(fields.tm_min), second: Int(fields.tm_sec),
                millisecond: Int(rest))
            let timestamp = Timestamp(milliseconds: Int64(seconds) * 1000 + rest)
            try #require(timestamp.calendar == expected)
            try #require(Timestamp(expected) == timestamp)
        }
    }

    @Test("every moment comes back from its calendar, hundreds of thousands of years away too")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 2)
        for _ in 0..<20_000 {
            let timestamp = Timestamp(
                milliseconds: Int64.random(in: -10_000_000_000_000_000...10_000_000_000_000_000, using: &generator))
            try #require(Timestamp(timestamp.calendar) == timestamp)
        }
    }

    @Test("days follow one another through four centuries, with leap days where they belong")
    func consecutiveDays() throws {
        var day = Timestamp(
            .init(year: 1799, month: 12, day: 31, hour: 23, minute: 59, second: 59, millisecond: 999))
        for year in 1800...2200 {
            let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
            for (index, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for date in 1...length {
                    day = day.adding(seconds: 86400)
                    let fields = day.calendar
                    try #require((fields.year, fields.month, fields.day) == (year, index + 1, date))
                }
            }
        }
    }

    @Test("the text of a moment has always 24 characters and sorts like the moment")
    func textOrder() {
        var generator = SplitMix64(seed: 3)
        let moments = (0..<2000).map { _ in
            Timestamp(milliseconds: Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator))
        }
        #expect(moments.allSatisfy { $0.iso8601.utf8.count == 24 })
        #expect(moments.sorted().map(\.iso8601) == moments.map(\.iso8601).sorted())
    }

    @Test("no moment stops the process, such as the one a database's date 0000-00-00 names")
    func yearsWithoutFourDigits() async {
        await #expect(processExitsWith: .success) {
            let zero = Timestamp.Calendar(year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, millisecond: 0)
            for moment in [Timestamp(zero), Timestamp(milliseconds: .min), Timestamp(milliseconds: .max)] {
                #expect(moment.iso8601.hasSuffix("Z"))
            }
        }
    }

    @Test(
        "adds whole seconds",
        arguments: [(500, 1, 1500), (500, -1, -500), (0, 0, 0), (0, 31_536_000, 31_536_000_000)]
            as [(Int64, Int, Int64)])
    func adding(start: Int64, seconds: Int, end: Int64) {
        #expect(Timestamp(milliseconds: start).adding(seconds: seconds).milliseconds == end)
    }

    @Test("an earlier moment is the lesser one")
    func order() {
        #expect(Timestamp(milliseconds: -2) < Timestamp(milliseconds: -1))
        #expect(Timestamp(milliseconds: 999) < Timestamp(milliseconds: 1000))
        #expect(!(Timestamp(milliseconds: 5) < Timestamp(milliseconds: 5)))
    }
}
