import { ClientelaError } from '@clientela/client';
import { useNavigate } from '@tanstack/react-router';
import { Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSubmit } from '../forms/use-submit.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { classes } from '../ui/classes.ts';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './imports.module.css';
import { startImport, type Choices } from './queries.ts';

const keys = ['email', 'phone', 'external_id'] as const;
const policies = ['skip', 'update'] as const;

/** Takes a file, chosen or dropped, and has the server check it. Nothing is stored by that. */
export function ChooseFile() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [choices, setChoices] = useState<Choices>({ match_on: 'email', on_match: 'skip' });
  const { submit, error, isBusy, clear } = useSubmit(async () => {
    if (!file || file.size === 0) return;
    const { id } = await startImport(file, choices, {}, true);
    await navigate({ to: '/import/$importId', params: { importId: id } });
  });
  const take = (chosen: File | undefined) => {
    if (!chosen) return;
    clear();
    setFile(chosen);
  };
  const isTooLarge = error instanceof ClientelaError && error.code === 'PAYLOAD_TOO_LARGE';
  return (
    <section className={bar.section} aria-label={t('imports.new')}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the button in it does the same by keyboard */}
      <div
        className={styles.drop}
        role="group"
        aria-label={t('imports.file')}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          take(event.dataTransfer.files[0]);
        }}
      >
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t('imports.file')}
          accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json,.vcf"
          onChange={({ target }) => {
            take(target.files?.[0]);
            target.value = ''; // the same file may be chosen again
          }}
        />
        <Button onPress={() => input.current?.click()}>
          <Upload size={16} strokeWidth={1.5} aria-hidden />
          {t('imports.choose')}
        </Button>
        <span>{file ? <bdi>{visible(file.name)}</bdi> : t('imports.drop')}</span>
      </div>
      <p className={bar.hint}>{t('imports.hint')}</p>
      <div className={classes(bar.pair, styles.choices)}>
        <Select
          label={t('imports.matchOn')}
          value={choices.match_on}
          onChange={(match_on) => setChoices({ ...choices, match_on })}
          options={keys.map((value) => ({ value, text: t(`imports.fields.${value}`) }))}
        />
        <Select
          label={t('imports.onMatch')}
          value={choices.on_match}
          onChange={(on_match) => setChoices({ ...choices, on_match })}
          options={policies.map((value) => ({ value, text: t(`imports.policies.${value}`) }))}
        />
      </div>
      {file?.size === 0 && <Notice kind="error">{t('imports.faults.empty')}</Notice>}
      {isTooLarge && <Notice kind="error">{t('imports.faults.tooLarge')}</Notice>}
      {error !== undefined && !isTooLarge && <Failure error={error} />}
      <div className={bar.buttons}>
        <Button look="primary" isPending={isBusy} isDisabled={!file || file.size === 0} onPress={() => void submit()}>
          {t('imports.check')}
        </Button>
      </div>
    </section>
  );
}
