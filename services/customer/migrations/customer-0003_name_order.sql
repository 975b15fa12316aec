-- Names and labels sort as people sort them (docs/adr/0021): by the ICU collation in sorts and their indexes only.
create index customers_full_name_alphabetical on customers (company_id, full_name collate "und-x-icu", id);
create index customers_full_name_alphabetical_desc
  on customers (company_id, full_name collate "und-x-icu" desc nulls last, id desc);
-- The drop comes last, because it keeps readers out. Until they are replaced, old services sort without an index.
drop index customers_full_name, customers_full_name_desc;
alter index customers_full_name_alphabetical rename to customers_full_name;
alter index customers_full_name_alphabetical_desc rename to customers_full_name_desc;
