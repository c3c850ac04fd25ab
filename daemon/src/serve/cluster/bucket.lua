-- Takes one from a bucket that fills steadily (the generic cell rate algorithm). Of a bucket the moment is known at which it is full
-- again, microseconds since 1970 by the clock of Redis; one that is full is not known.
-- KEYS[1] the bucket
-- ARGV[1] microseconds until there is one more, ARGV[2] microseconds until an empty one is full
-- Gives whether one was taken, microseconds until it is full, and microseconds until there is one again.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local full_in = full_at + each - now
if full_in > whole then
  return { 0, full_at - now, full_in - whole }
end
redis.call('SET', KEYS[1], string.format('%.0f', full_at + each), 'PX', math.ceil(full_in / 1000))
return { 1, full_in, 0 }
