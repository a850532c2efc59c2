-- For wrk: a player's way through a file of 10 MB, one range of 1 MB after the other.
local length, count = 1000000, 10
local requests, turn = {}, 0

function init()
    for index = 1, count do
        wrk.headers["Range"] = string.format("bytes=%d-%d", (index - 1) * length, index * length - 1)
        requests[index] = wrk.format()
    end
end

function request()
    turn = turn % count + 1
    return requests[turn]
end
