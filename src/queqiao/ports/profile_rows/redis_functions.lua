-- Profile rows on a Redis server. A row is one hash: column -> when it was written (eight bytes, µs)
-- and its value. All names of rows are in one sorted set, for scans. A hash expires with the last
-- of its cells; cells that die before are left out by readers, and taken out by tidy.
-- Every "@" is the library's name, so that two releases may use one server.

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- A cell's value, or nil when there is none that still lives. ttl_us is 0 where cells stay.
local function alive(row, column, ttl_us, now)
  local raw = redis.call('HGET', row, column)
  if not raw then return nil end
  if ttl_us > 0 and now >= struct.unpack('>i8', raw) + ttl_us then return nil end
  return string.sub(raw, 9)
end

-- Writes the cells args[from..]: column, ttl_us, value each.
local function write(keys, name, args, from, now)
  local row, known = keys[1], redis.call('PEXPIRETIME', keys[1])
  local stamp, dies_ms, stays = struct.pack('>i8', now), 0, known == -1
  for at = from, #args, 3 do
    local ttl_us = tonumber(args[at + 1])
    redis.call('HSET', row, args[at], stamp .. args[at + 2])
    if ttl_us == 0 then stays = true end
    dies_ms = math.max(dies_ms, math.ceil((now + ttl_us) / 1000))
  end
  if stays then
    redis.call('PERSIST', row)
  else
    redis.call('PEXPIREAT', row, string.format('%.0f', math.max(dies_ms, known)))
  end
  redis.call('ZADD', keys[2], 0, name)
end

-- args: name, then cells.
local function put(keys, args)
  write(keys, args[1], args, 2, now_us())
  return redis.status_reply('OK')
end

-- args: name, column, its ttl_us, 1 or 0 (whether a value is expected), the value, then cells.
-- An empty cell counts as none.
local function check_and_put(keys, args)
  local now = now_us()
  local found = alive(keys[1], args[2], tonumber(args[3]), now)
  if found == '' then found = nil end
  local wanted = nil
  if args[4] == '1' then wanted = args[5] end
  if found ~= wanted then return 0 end
  write(keys, args[1], args, 6, now)
  return 1
end

-- args: name, column, its ttl_us, the amount, the column of the mark or '', the mark's ttl_us.
local function add(keys, args)
  local now, column, mark = now_us(), args[2], args[5]
  if mark ~= '' then
    local done = alive(keys[1], mark, tonumber(args[6]), now)
    if done then return string.format('%.0f', struct.unpack('>i8', done)) end
  end
  local known = alive(keys[1], column, tonumber(args[3]), now)
  if known and #known ~= 8 then return redis.error_reply('NOCOUNTER') end
  local total = tonumber(args[4])
  if known then total = total + struct.unpack('>i8', known) end
  local cell = struct.pack('>i8', total)
  local cells = {column, args[3], cell}
  if mark ~= '' then cells = {column, args[3], cell, mark, args[6], cell} end
  write(keys, args[1], cells, 1, now)
  return string.format('%.0f', total)
end

local function delete(keys, args)
  redis.call('UNLINK', keys[1])
  redis.call('ZREM', keys[2], args[1])
  return redis.status_reply('OK')
end

-- Takes dead cells out of one row, and its name out of the set when nothing is left.
-- args: name, then the family and ttl_us of each family whose cells die.
local function tidy(keys, args)
  local now, ttls, gone = now_us(), {}, 0
  for at = 2, #args, 2 do ttls[args[at]] = tonumber(args[at + 1]) end
  for _, column in ipairs(redis.call('HKEYS', keys[1])) do
    local ttl_us = ttls[string.match(column, '^[^:]*')]
    if ttl_us and not alive(keys[1], column, ttl_us, now) then
      gone = gone + redis.call('HDEL', keys[1], column)
    end
  end
  if redis.call('EXISTS', keys[1]) == 0 then redis.call('ZREM', keys[2], args[1]) end
  return gone
end

redis.register_function('@_put', put)
redis.register_function('@_check_and_put', check_and_put)
redis.register_function('@_add', add)
redis.register_function('@_delete', delete)
redis.register_function('@_tidy', tidy)
