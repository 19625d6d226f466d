package analyze

// scalarFunctions lists the scalar functions, one overload a line, the more
// specific first. See [signature] for the notation.
const scalarFunctions = `
# numbers
abs(number) =1
sign(number) =1
ceil(number) =1
ceiling(number) =1
floor(number) =1
round(number) =1
round(number, bigint) =1
truncate(number) =1
truncate(number, bigint) =1
mod(number, number) =1
sqrt(double) double
cbrt(double) double
exp(double) double
ln(double) double
log2(double) double
log10(double) double
log(double, double) double
power(double, double) double
pow(double, double) double
pi() double
e() double
degrees(double) double
radians(double) double
sin(double) double
cos(double) double
tan(double) double
asin(double) double
acos(double) double
atan(double) double
atan2(double, double) double
sinh(double) double
cosh(double) double
tanh(double) double
nan() double
infinity() double
is_nan(double) boolean
is_finite(double) boolean
is_infinite(double) boolean
random() double
rand() double
random(tinyint) tinyint
random(smallint) smallint
random(integer) integer
random(bigint) bigint
rand(tinyint) tinyint
rand(smallint) smallint
rand(integer) integer
rand(bigint) bigint
random(tinyint, tinyint) tinyint
random(smallint, smallint) smallint
random(integer, integer) integer
random(bigint, bigint) bigint
rand(tinyint, tinyint) tinyint
rand(smallint, smallint) smallint
rand(integer, integer) integer
rand(bigint, bigint) bigint
width_bucket(double, double, double, bigint) bigint
width_bucket(double, array(double)) bigint
bitwise_and(bigint, bigint) bigint
bitwise_or(bigint, bigint) bigint
bitwise_xor(bigint, bigint) bigint
bitwise_not(bigint) bigint
bitwise_left_shift(tinyint, bigint) tinyint
bitwise_left_shift(smallint, bigint) smallint
bitwise_left_shift(integer, bigint) integer
bitwise_left_shift(bigint, bigint) bigint
bitwise_right_shift(tinyint, bigint) tinyint
bitwise_right_shift(smallint, bigint) smallint
bitwise_right_shift(integer, bigint) integer
bitwise_right_shift(bigint, bigint) bigint
bitwise_right_shift_arithmetic(tinyint, bigint) tinyint
bitwise_right_shift_arithmetic(smallint, bigint) smallint
bitwise_right_shift_arithmetic(integer, bigint) integer
bitwise_right_shift_arithmetic(bigint, bigint) bigint
bit_count(bigint, bigint) bigint
from_base(varchar, bigint) bigint
to_base(bigint, bigint) varchar
greatest(O, O...) O
least(O, O...) O

# text
length(varchar) bigint
length(varbinary) bigint
lower(char) =1
lower(varchar) varchar
upper(char) =1
upper(varchar) varchar
substr(varchar, bigint) varchar
substr(varchar, bigint, bigint) varchar
substr(varbinary, bigint) varbinary
substr(varbinary, bigint, bigint) varbinary
substring(varchar, bigint) varchar
substring(varchar, bigint, bigint) varchar
strpos(varchar, varchar) bigint
strpos(varchar, varchar, bigint) bigint
replace(varchar, varchar) varchar
replace(varchar, varchar, varchar) varchar
reverse(varchar) varchar
reverse(varbinary) varbinary
reverse(array(T)) array(T)
lpad(varchar, bigint, varchar) varchar
rpad(varchar, bigint, varchar) varchar
trim(varchar) varchar
trim(varchar, varchar) varchar
ltrim(varchar) varchar
ltrim(varchar, varchar) varchar
rtrim(varchar) varchar
rtrim(varchar, varchar) varchar
split(varchar, varchar) array(varchar)
split(varchar, varchar, bigint) array(varchar)
split_part(varchar, varchar, bigint) varchar
split_to_map(varchar, varchar, varchar) map(varchar, varchar)
starts_with(varchar, varchar) boolean
chr(bigint) varchar
codepoint(varchar) integer
concat(varchar, varchar...) varchar
concat(array(T), array(T)...) array(T)
concat(varbinary, varbinary...) varbinary
concat_ws(varchar, array(varchar)) varchar
concat_ws(varchar, varchar...) varchar
format(varchar, T) varchar
format(varchar, T, U) varchar
format(varchar, T, U, V) varchar
format(varchar, T, U, V, W) varchar
translate(varchar, varchar, varchar) varchar
levenshtein_distance(varchar, varchar) bigint
hamming_distance(varchar, varchar) bigint
normalize(varchar) varchar
regexp_like(varchar, varchar) boolean
regexp_extract(varchar, varchar) varchar
regexp_extract(varchar, varchar, bigint) varchar
regexp_extract_all(varchar, varchar) array(varchar)
regexp_extract_all(varchar, varchar, bigint) array(varchar)
regexp_replace(varchar, varchar) varchar
regexp_replace(varchar, varchar, varchar) varchar
regexp_split(varchar, varchar) array(varchar)
regexp_count(varchar, varchar) bigint
regexp_position(varchar, varchar) integer
url_encode(varchar) varchar
url_decode(varchar) varchar
url_extract_host(varchar) varchar
url_extract_path(varchar) varchar
url_extract_protocol(varchar) varchar
url_extract_query(varchar) varchar
url_extract_fragment(varchar) varchar
url_extract_port(varchar) bigint
url_extract_parameter(varchar, varchar) varchar

# bytes
to_hex(varbinary) varchar
from_hex(varchar) varbinary
to_utf8(varchar) varbinary
from_utf8(varbinary) varchar
to_base64(varbinary) varchar
from_base64(varchar) varbinary
to_base64url(varbinary) varchar
from_base64url(varchar) varbinary
md5(varbinary) varbinary
sha1(varbinary) varbinary
sha256(varbinary) varbinary

# dates and times
now() timestamptz(3)
current_timezone() varchar
date(varchar) date
date(timestamp) date
date(timestamptz) date
date_trunc(varchar, date) date
date_trunc(varchar, time) =2
date_trunc(varchar, timestamp) =2
date_trunc(varchar, timestamptz) =2
date_add(varchar, bigint, date) date
date_add(varchar, bigint, time) =3
date_add(varchar, bigint, timestamp) =3
date_add(varchar, bigint, timestamptz) =3
date_diff(varchar, date, date) bigint
date_diff(varchar, time, time) bigint
date_diff(varchar, timestamp, timestamp) bigint
date_diff(varchar, timestamptz, timestamptz) bigint
date_format(timestamp, varchar) varchar
date_format(timestamptz, varchar) varchar
date_parse(varchar, varchar) timestamp(3)
format_datetime(timestamp, varchar) varchar
format_datetime(timestamptz, varchar) varchar
parse_datetime(varchar, varchar) timestamptz(3)
from_unixtime(double) timestamptz(3)
from_unixtime(double, varchar) timestamptz(3)
from_unixtime(double, bigint, bigint) timestamptz(3)
to_unixtime(timestamp) double
to_unixtime(timestamptz) double
from_iso8601_date(varchar) date
from_iso8601_timestamp(varchar) timestamptz(3)
to_iso8601(date) varchar
to_iso8601(timestamp) varchar
to_iso8601(timestamptz) varchar
to_milliseconds(interval_day) bigint
last_day_of_month(date) date
last_day_of_month(timestamp) date
with_timezone(timestamp, varchar) timestamptz(3)
at_timezone(timestamptz, varchar) timestamptz(3)
year(date) bigint
year(timestamp) bigint
year(timestamptz) bigint
year(interval_year) bigint
quarter(date) bigint
quarter(timestamp) bigint
quarter(timestamptz) bigint
month(date) bigint
month(timestamp) bigint
month(timestamptz) bigint
month(interval_year) bigint
week(date) bigint
week(timestamp) bigint
week(timestamptz) bigint
week_of_year(date) bigint
week_of_year(timestamp) bigint
week_of_year(timestamptz) bigint
year_of_week(date) bigint
year_of_week(timestamp) bigint
year_of_week(timestamptz) bigint
yow(date) bigint
yow(timestamp) bigint
yow(timestamptz) bigint
day(date) bigint
day(timestamp) bigint
day(timestamptz) bigint
day(interval_day) bigint
day_of_month(date) bigint
day_of_month(timestamp) bigint
day_of_month(timestamptz) bigint
day_of_week(date) bigint
day_of_week(timestamp) bigint
day_of_week(timestamptz) bigint
dow(date) bigint
dow(timestamp) bigint
dow(timestamptz) bigint
day_of_year(date) bigint
day_of_year(timestamp) bigint
day_of_year(timestamptz) bigint
doy(date) bigint
doy(timestamp) bigint
doy(timestamptz) bigint
hour(timestamp) bigint
hour(timestamptz) bigint
hour(time) bigint
hour(interval_day) bigint
minute(timestamp) bigint
minute(timestamptz) bigint
minute(time) bigint
minute(interval_day) bigint
second(timestamp) bigint
second(timestamptz) bigint
second(time) bigint
second(interval_day) bigint
millisecond(timestamp) bigint
millisecond(timestamptz) bigint
millisecond(time) bigint
millisecond(interval_day) bigint
timezone_hour(timestamptz) bigint
timezone_minute(timestamptz) bigint

# JSON
json_parse(varchar) json
json_format(json) varchar
json_extract(json, varchar) json
json_extract(varchar, varchar) json
json_extract_scalar(json, varchar) varchar
json_extract_scalar(varchar, varchar) varchar
json_array_length(json) bigint
json_array_length(varchar) bigint
json_array_get(json, bigint) json
json_array_get(varchar, bigint) json
json_array_contains(json, boolean) boolean
json_array_contains(varchar, boolean) boolean
json_array_contains(json, bigint) boolean
json_array_contains(varchar, bigint) boolean
json_array_contains(json, double) boolean
json_array_contains(varchar, double) boolean
json_array_contains(json, varchar) boolean
json_array_contains(varchar, varchar) boolean
json_size(json, varchar) bigint
json_size(varchar, varchar) bigint
is_json_scalar(json) boolean
is_json_scalar(varchar) boolean

# arrays
cardinality(array(T)) bigint
cardinality(map(K, V)) bigint
contains(array(T), T) boolean
element_at(array(T), bigint) T
element_at(map(K, V), K) V
transform(array(T), fn(T, U)) array(U)
filter(array(T), fn(T, boolean)) array(T)
reduce(array(T), S, fn(S, T, S), fn(S, R)) R
any_match(array(T), fn(T, boolean)) boolean
all_match(array(T), fn(T, boolean)) boolean
none_match(array(T), fn(T, boolean)) boolean
array_join(array(T), varchar) varchar
array_join(array(T), varchar, varchar) varchar
array_distinct(array(T)) array(T)
array_sort(array(O)) array(O)
array_max(array(O)) O
array_min(array(O)) O
array_position(array(T), T) bigint
array_remove(array(T), T) array(T)
array_union(array(T), array(T)) array(T)
array_intersect(array(T), array(T)) array(T)
array_except(array(T), array(T)) array(T)
arrays_overlap(array(T), array(T)) boolean
flatten(array(array(T))) array(T)
contains_sequence(array(T), array(T)) boolean
array_histogram(array(T)) map(T, bigint)
shuffle(array(T)) array(T)
repeat(T, bigint) array(T)
sequence(bigint, bigint) array(bigint)
sequence(bigint, bigint, bigint) array(bigint)
sequence(date, date) array(date)
sequence(date, date, interval_day) array(date)
sequence(date, date, interval_year) array(date)
sequence(timestamp, timestamp, interval_day) array(timestamp)
sequence(timestamp, timestamp, interval_year) array(timestamp)
slice(array(T), bigint, bigint) array(T)
trim_array(array(T), bigint) array(T)
zip(array(T), array(U)) array(row(T, U))
zip(array(T), array(U), array(V)) array(row(T, U, V))
zip(array(T), array(U), array(V), array(W)) array(row(T, U, V, W))
zip_with(array(T), array(U), fn(T, U, R)) array(R)
ngrams(array(T), bigint) array(array(T))

# maps
map() map(unknown, unknown)
map(array(K), array(V)) map(K, V)
map_keys(map(K, V)) array(K)
map_values(map(K, V)) array(V)
map_entries(map(K, V)) array(row(K, V))
map_from_entries(array(row(K, V))) map(K, V)
map_concat(map(K, V), map(K, V)...) map(K, V)
map_filter(map(K, V), fn(K, V, boolean)) map(K, V)
transform_keys(map(K, V), fn(K, V, R)) map(R, V)
transform_values(map(K, V), fn(K, V, R)) map(K, R)
map_zip_with(map(K, V), map(K, W), fn(K, V, W, R)) map(K, R)

# other
typeof(T) varchar
uuid() uuid
`

// aggregateFunctions lists the aggregate functions. All but the order-sensitive
// ones may also be used over a window.
const aggregateFunctions = `
count() bigint
count(T) bigint
count_if(boolean) bigint
sum(bigint) bigint
sum(decimal) =1
sum(real) real
sum(double) double
sum(interval_day) interval_day
sum(interval_year) interval_year
avg(bigint) double
avg(decimal) =1
avg(real) real
avg(double) double
avg(interval_day) interval_day
avg(interval_year) interval_year
min(O) O
max(O) O
min(O, bigint) array(O)
max(O, bigint) array(O)
min_by(T, O) T
max_by(T, O) T
min_by(T, O, bigint) array(T)
max_by(T, O, bigint) array(T)
arbitrary(T) T
any_value(T) T
approx_distinct(T) bigint
approx_distinct(T, double) bigint
approx_percentile(bigint, double) bigint
approx_percentile(real, double) real
approx_percentile(double, double) double
approx_percentile(bigint, array(double)) array(bigint)
approx_percentile(double, array(double)) array(double)
array_agg(T) array(T)
bool_and(boolean) boolean
bool_or(boolean) boolean
every(boolean) boolean
stddev(double) double
stddev_samp(double) double
stddev_pop(double) double
variance(double) double
var_samp(double) double
var_pop(double) double
covar_samp(real, real) real
covar_samp(double, double) double
covar_pop(real, real) real
covar_pop(double, double) double
corr(real, real) real
corr(double, double) double
regr_slope(real, real) real
regr_slope(double, double) double
regr_intercept(real, real) real
regr_intercept(double, double) double
skewness(double) double
kurtosis(double) double
geometric_mean(double) double
bitwise_and_agg(bigint) bigint
bitwise_or_agg(bigint) bigint
bitwise_xor_agg(bigint) bigint
histogram(T) map(T, bigint)
map_agg(K, V) map(K, V)
multimap_agg(K, V) map(K, array(V))
listagg(varchar) varchar
listagg(varchar, varchar) varchar
`

// windowFunctions lists the functions that only exist over a window.
const windowFunctions = `
row_number() bigint
rank() bigint
dense_rank() bigint
percent_rank() double
cume_dist() double
ntile(bigint) bigint
lag(T) T
lag(T, bigint) T
lag(T, bigint, T) T
lead(T) T
lead(T, bigint) T
lead(T, bigint, T) T
first_value(T) T
last_value(T) T
nth_value(T, bigint) T
`
