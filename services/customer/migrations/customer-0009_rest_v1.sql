-- A phone is one by its digits: vApteke's +50110556645 is the number that others type without the +.
create unique index customers_phone_digits on customers (company_id, ltrim(phone, '+')) where deleted_at is null;
drop index customers_phone_taken;
alter index customers_phone_digits rename to customers_phone_taken;

-- Finds the page at any offset without a look at the rows before it.
create index customers_undeleted_numbers on customers (company_id, number) where deleted_at is null;
