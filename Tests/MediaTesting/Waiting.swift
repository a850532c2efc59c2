import Glibc

/// Waits until `condition` holds.
///
/// - Returns: false if it doesn't in time.
package func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    repeat {
        if try condition() { return true }
        usleep(5000)
    } while .now < end
    return try condition()
}

/// How long `body` takes, in seconds.
package func duration(_ body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    return elapsed / .seconds(1)
}
