import { useTranslation } from 'react-i18next';
import { TextField } from './text-field.tsx';

type Days = { from?: string | undefined; to?: string | undefined };

/** The first and the last day of a list, `2026-01-31`; each may be absent. */
export function DayRange({ from, to, onChange }: Days & { onChange: (change: Days) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        label={t('lists.from')}
        type="date"
        value={from ?? ''}
        onChange={(day) => onChange({ from: day || undefined })}
      />
      <TextField
        label={t('lists.to')}
        type="date"
        value={to ?? ''}
        onChange={(day) => onChange({ to: day || undefined })}
      />
    </>
  );
}
