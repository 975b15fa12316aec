import type { Import } from '@clientela/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSubmit } from '../forms/use-submit.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { Table } from '../ui/table.tsx';
import { visible } from '../ui/visible.tsx';
import { fieldText } from './field-text.ts';
import styles from './imports.module.css';
import { keptFile, startImport, type Choices, type Mapping } from './queries.ts';

const leftOut = 'left_behind';
const fields = [
  'full_name',
  'firstname',
  'middle_name',
  'lastname',
  'email',
  'phone',
  'phone.mobile',
  'phone.work',
  'phone.home',
  'birthday',
  'gender',
  'company',
  'external_id',
  'address.line',
  'address.city',
  'address.state',
  'address.zip_code',
  'address.country',
  'document_type',
  'document_number',
  'tags',
  'notes',
  'metadata',
  leftOut,
];
const maxColumns = 200;

/** After a check: which column is which field, checked again when that was changed, and the import itself. */
export function NextStep({ of }: { of: Import }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const kept = keptFile(of.id);
  const [changes, setChanges] = useState<Mapping>({});
  const found: Mapping = { ...Object.fromEntries(of.left_behind.map((name) => [name, null])), ...of.mapping };
  const columns = Object.keys(found).slice(0, maxColumns);
  const isChanged = Object.keys(changes).length > 0;
  const { submit, error, isBusy } = useSubmit(async () => {
    if (!kept) return;
    const choices = { match_on: of.match_on, on_match: of.on_match } as Choices;
    const { id } = await startImport(kept.file, choices, { ...kept.mapping, ...changes }, isChanged);
    await navigate({ to: '/import/$importId', params: { importId: id } });
  });
  if (!kept)
    return (
      <Notice>
        {t('imports.fileGone')} <Link to="/import">{t('imports.chooseAgain')}</Link>
      </Notice>
    );
  const change = (column: string, field: string) => {
    const { [column]: _old, ...others } = changes;
    const value = field === leftOut ? null : field;
    setChanges(value === found[column] ? others : { ...others, [column]: value });
  };
  return (
    <section className={bar.section}>
      <h2>{t('imports.mapping')}</h2>
      {columns.length > 0 && (
        <Table
          label={t('imports.mapping')}
          columns={[
            {
              key: 'column',
              title: t('imports.column'),
              renderCell: (column) => <bdi className={styles.column}>{visible(column)}</bdi>,
            },
            {
              key: 'field',
              title: t('imports.field'),
              renderCell: (column) => {
                const value = (column in changes ? changes[column] : found[column]) ?? leftOut;
                const offered = [...new Set([found[column] ?? leftOut, value, ...fields])];
                return (
                  <Select
                    label={t('imports.fieldOf', { column })}
                    isLabelHidden
                    value={value}
                    onChange={(field) => change(column, field)}
                    options={offered.map((field) => ({ value: field, text: fieldText(field, t) }))}
                  />
                );
              },
            },
          ]}
          rows={columns}
          keyOf={(column) => column}
        />
      )}
      {error !== undefined && <Failure error={error} />}
      {(of.status === 'done' || isChanged) && (
        <div className={bar.buttons}>
          <Button look="primary" isPending={isBusy} onPress={() => void submit()}>
            {t(isChanged ? 'imports.checkAgain' : 'imports.now')}
          </Button>
        </div>
      )}
    </section>
  );
}
