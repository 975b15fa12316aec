import { ChevronDown, ChevronsUp, ChevronUp, Equal, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Pill, type Tone } from '../ui/pill.tsx';

const looks: Readonly<Record<string, { Icon: LucideIcon; tone: Tone }>> = {
  low: { Icon: ChevronDown, tone: 'neutral' },
  medium: { Icon: Equal, tone: 'neutral' },
  high: { Icon: ChevronUp, tone: 'amber' },
  critical: { Icon: ChevronsUp, tone: 'red' },
};

/** A priority by its shape and its word; the colour only repeats them. */
export function Priority({ of }: { of: string }) {
  const { t } = useTranslation();
  const look = looks[of];
  return (
    <Pill {...(look && { tone: look.tone })}>
      {look && <look.Icon size={12} strokeWidth={2.25} aria-hidden />}
      {t(`customer.priority.${of}` as 'customer.priority.low', { defaultValue: of })}
    </Pill>
  );
}
