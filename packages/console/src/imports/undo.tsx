import { ClientelaError, type Import } from '@clientela/client';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { saveFile } from '../customers/csv.ts';
import { attempt } from '../ui/attempt.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Notice } from '../ui/notice.tsx';
import { undoImport } from './queries.ts';

const keptMs = 7 * 86_400_000;

/** Takes an import back within a week, and says what of it stays. */
export function UndoImport({ of: { id, ended_at } }: { of: Import }) {
  const { t } = useTranslation();
  const [isAsking, setAsking] = useState(false);
  const [outcome, setOutcome] = useState<'done' | 'partly'>();
  const [isExpired] = useState(() => ended_at !== null && Date.now() - Date.parse(ended_at) > keptMs);
  if (isExpired) return null;
  const undo = async () => {
    try {
      setOutcome((await undoImport(id)) ? 'done' : 'partly');
    } catch (error) {
      if (!(error instanceof ClientelaError) || error.code !== 'IMPORT_ALREADY_UNDONE') throw error;
      setOutcome('done');
    }
  };
  const download = () =>
    attempt(t, async () => saveFile('undo.csv', await new Response(await api.imports.undoReport.get(id)).blob()));
  return (
    <section className={bar.section}>
      <h2>{t('imports.undo.title')}</h2>
      <p className={bar.hint}>{t('imports.undo.hint')}</p>
      {outcome && <Notice kind={outcome === 'done' ? 'success' : 'warning'}>{t(`imports.undo.${outcome}`)}</Notice>}
      <div className={bar.buttons}>
        {outcome !== 'done' && (
          <Button look="danger" onPress={() => setAsking(true)}>
            {t('imports.undo.action')}
          </Button>
        )}
        {outcome && (
          <Button onPress={() => void download()}>
            <Download size={16} strokeWidth={1.5} aria-hidden />
            {t('imports.undo.report')}
          </Button>
        )}
      </div>
      {isAsking && (
        <Confirm
          title={t('imports.undo.confirm')}
          action={t('imports.undo.action')}
          onConfirm={undo}
          onClose={() => setAsking(false)}
        >
          {t('imports.undo.hint')}
        </Confirm>
      )}
    </section>
  );
}
