-- Product names sort as people sort them (docs/adr/0021). The drop comes last, because it keeps readers out.
create index products_name_alphabetical on products (company_id, name collate "und-x-icu", id);
drop index products_name;
alter index products_name_alphabetical rename to products_name;
