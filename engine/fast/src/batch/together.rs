//! Many texts on a decoder of the CPU.

use std::ops::Range;

use kernels::decode::Text;
use rayon::prelude::*;

use super::decoders::AnyDecoder;
use super::known::{Beginning, Known, common_pieces};
use super::writing::{Limits, Writing};
use super::{Event, TextId, TextToWrite};
use crate::llama_error::LlamaError;
use crate::llama_generator::GREEDY_BELOW;
use crate::prompt::{PIECE, pieces};

/// A text and what the decoder has read of it.
struct Cached {
    writing: Writing,
    text: Text,
    /// The first token that the model sees: a GPT's context slides.
    start: usize,
    /// Tokens from there on that were read as whole pieces.
    whole: usize,
    /// The step in which it began to wait for being read.
    waits_since: u64,
}

impl Cached {
    /// What the model sees.
    fn seen(&self) -> &[u32] {
        &self.writing.ids[self.start..]
    }
}

/// Texts on a decoder.
pub struct Together {
    decoder: AnyDecoder,
    /// In the order in which they joined.
    texts: Vec<Cached>,
    known: Known,
    steps: u64,
}

impl<W> From<W> for Together
where
    AnyDecoder: From<W>,
{
    fn from(weights: W) -> Self {
        Self { decoder: weights.into(), texts: Vec::new(), known: Known::default(), steps: 0 }
    }
}

impl Together {
    pub fn keep_up_to(&mut self, bytes: usize) {
        self.known.max_tokens = bytes / self.decoder.bytes_per_token().max(1);
    }

    pub fn texts(&self) -> usize {
        self.texts.len()
    }

    pub fn cached_bytes(&self) -> usize {
        let running: usize = self.texts.iter().map(|text| self.decoder.tokens(text.text)).sum();
        (running + self.known.tokens()) * self.decoder.bytes_per_token()
    }

    pub fn join(&mut self, id: TextId, text: TextToWrite) -> Result<(), LlamaError> {
        let limits = self.decoder.limits();
        let writing = Writing::new(id, text, limits)?;
        let start = if limits.slides { writing.ids.len().saturating_sub(writing.context_size) } else { 0 };
        let text = self.decoder.open();
        self.texts.push(Cached { writing, text, start, whole: 0, waits_since: self.steps });
        Ok(())
    }

    pub fn leave(&mut self, id: TextId) {
        if let Some(index) = self.texts.iter().position(|text| text.writing.id == id) {
            self.remove(index);
        }
    }

    /// Removes a text, and keeps what others can use.
    fn remove(&mut self, index: usize) {
        let Cached { mut writing, text, start, whole, .. } = self.texts.remove(index);
        if start > 0 || whole == 0 {
            self.decoder.close(text);
            return;
        }
        self.decoder.truncate(text, whole);
        writing.ids.truncate(whole);
        let not_kept = self.known.keep(Beginning { text, ids: writing.ids });
        not_kept.into_iter().for_each(|text| self.decoder.close(text));
    }

    pub fn step(&mut self) -> Vec<(TextId, Event)> {
        self.steps += 1;
        let ends = |text: &Cached| Some((text.writing.id, text.writing.end()?));
        let mut events: Vec<_> = self.texts.iter().filter_map(ends).collect();
        self.remove_ended(&events);
        if let Some(index) = self.next_to_read() {
            events.extend(self.read_piece(index));
        }
        events.extend(self.write_tokens());
        events
    }

    fn remove_ended(&mut self, events: &[(TextId, Event)]) {
        let ended = events.iter().filter(|(_, event)| matches!(event, Event::End(_) | Event::Failed(_)));
        ended.for_each(|(id, _)| self.leave(*id));
    }

    /// Number of tokens of a text that the decoder has not read.
    fn unread(&self, text: &Cached) -> usize {
        text.seen().len() - self.decoder.tokens(text.text)
    }

    /// The tokens that are read next.
    fn next_piece(&self, text: &Cached) -> Option<Range<usize>> {
        pieces(self.decoder.tokens(text.text), text.seen().len()).next()
    }

    /// Whether the tokens that are read next are the last ones and so few that they can be read together with those of others.
    fn joins_others(&self, text: &Cached) -> bool {
        let is_last = |piece: Range<usize>| piece.end == text.seen().len() && self.decoder.are_few(piece.len());
        self.next_piece(text).is_some_and(is_last)
    }

    /// The text of which a piece is read now: in turn the one with the fewest pieces left, so that a short prompt waits for no
    /// long one, and the one that has waited longest, so that a long one is not passed over forever.
    fn next_to_read(&self) -> Option<usize> {
        let reading = self.texts.iter().enumerate().filter(|(_, text)| !self.joins_others(text));
        let shortest_first = self.steps.is_multiple_of(2);
        let order = |text: &Cached| {
            let pieces_left = if shortest_first { self.unread(text).div_ceil(PIECE) } else { 0 };
            (pieces_left, text.waits_since, text.writing.id)
        };
        reading.min_by_key(|(_, text)| order(text)).map(|(index, _)| index)
    }

    /// Reads a piece of a text; after the last one its next token is chosen.
    fn read_piece(&mut self, index: usize) -> Vec<(TextId, Event)> {
        self.use_known(index);
        let text = &self.texts[index];
        let Some(piece) = self.next_piece(text).filter(|_| !self.joins_others(text)) else { return Vec::new() };
        let cached = &mut self.texts[index];
        let seen = &cached.writing.ids[cached.start..];
        let (is_last, is_whole) = (piece.end == seen.len(), piece.len() == PIECE);
        if is_whole {
            cached.whole = piece.end;
        }
        if !is_last {
            self.decoder.read_on(cached.text, &seen[piece]);
            return Vec::new();
        }
        let logits = self.decoder.read(cached.text, &seen[piece]);
        let events = self.choose(vec![index], logits);
        self.remove_ended(&events);
        events
    }

    pub fn limits(&self) -> Limits {
        self.decoder.limits()
    }

    /// The vectors of the next piece of some ids after the final norm, `[tokens, emb_dim]`. `text` is what the decoder has read of
    /// them, none at first; it is closed after the last piece.
    pub fn hidden_states(&mut self, text: &mut Option<Text>, ids: &[u32]) -> Vec<f32> {
        let open = *text.get_or_insert_with(|| self.decoder.open());
        let Some(piece) = pieces(self.decoder.tokens(open), ids.len()).next() else { return Vec::new() };
        let is_last = piece.end == ids.len();
        let hidden = self.decoder.read_hidden(open, &ids[piece]);
        if is_last {
            self.close(text);
        }
        hidden
    }

    /// Forgets what was read.
    pub fn close(&mut self, text: &mut Option<Text>) {
        text.take().into_iter().for_each(|text| self.decoder.close(text));
    }

    /// Gives a text the whole pieces that others have read of the same beginning, if they have read more of it. The last token is
    /// always computed, for the logits after it.
    fn use_known(&mut self, index: usize) {
        let cached = &self.texts[index];
        let read = self.decoder.tokens(cached.text);
        if cached.start > 0 {
            return;
        }
        let ids = &cached.writing.ids[..cached.writing.ids.len() - 1];
        let running = self.texts.iter().filter(|text| text.start == 0);
        let running = running.map(|text| (text.text, common_pieces(&text.writing.ids[..text.whole], ids)));
        let (text, common) = running.max_by_key(|(_, common)| *common).unwrap_or((cached.text, 0));
        let known = self.known.find(ids).filter(|(_, known)| *known > common);
        let common = known.map_or(common, |(_, known)| known);
        if common <= read {
            return;
        }
        let text = match known {
            Some((known, tokens)) => {
                self.known.text_of(known, tokens).unwrap_or_else(|text| self.decoder.fork(text, tokens))
            }
            None => self.decoder.fork(text, common),
        };
        let cached = &mut self.texts[index];
        self.decoder.close(std::mem::replace(&mut cached.text, text));
        cached.whole = common;
        cached.writing.reused += common - read;
    }

    /// One token of every text that has read all but its last one, or a few.
    fn write_tokens(&mut self) -> Vec<(TextId, Event)> {
        let writing = |index: &usize| self.joins_others(&self.texts[*index]);
        let writing: Vec<usize> = (0..self.texts.len()).filter(writing).collect();
        let next = writing.iter().map(|&index| &self.texts[index]);
        let next: Vec<_> = next.map(|text| (text.text, &text.seen()[self.decoder.tokens(text.text)..])).collect();
        if next.is_empty() {
            return Vec::new();
        }
        let logits = self.decoder.step(&next); // [texts, vocab_size]
        let events = self.choose(writing, logits);
        self.remove_ended(&events);
        events
    }

    /// Chooses the next token of some texts, in their order, from their logits, `[texts, vocab_size]`.
    fn choose(&mut self, of: Vec<usize>, logits: Vec<f32>) -> Vec<(TextId, Event)> {
        let choose = self.decoder.chooser();
        let vocab_size = self.decoder.limits().vocab_size;
        let write = |(cached, logits): (&mut Cached, &[f32])| {
            let chosen = choose(logits.to_vec(), &mut cached.writing);
            let happened = cached.writing.write(chosen, || logits.to_vec());
            happened.into_iter().map(|event| (cached.writing.id, event)).collect::<Vec<_>>()
        };
        let texts = self.texts.iter_mut().enumerate().filter(|(index, _)| of.contains(index)).map(|(_, text)| text);
        let texts: Vec<_> = texts.zip(logits.chunks_exact(vocab_size)).collect();
        // A draw, or a log probability, takes a number for every token of the vocabulary. Without those, waking other threads would
        // take as long.
        let takes_long = |writing: &Writing| writing.options.temperature >= GREEDY_BELOW || writing.scores.is_some();
        let events = match texts.iter().filter(|(cached, _)| takes_long(&cached.writing)).count() {
            0 | 1 => texts.into_iter().flat_map(write).collect(),
            _ => texts.into_par_iter().flat_map_iter(write).collect(),
        };
        of.into_iter().for_each(|index| self.slide(index));
        events
    }

    /// A text that has outgrown its context is read again from its last tokens on.
    fn slide(&mut self, index: usize) {
        let cached = &mut self.texts[index];
        let start = cached.writing.ids.len().saturating_sub(cached.writing.context_size);
        if self.decoder.limits().slides && start > cached.start {
            (cached.start, cached.whole, cached.waits_since) = (start, 0, self.steps);
            self.decoder.truncate(cached.text, 0);
        }
    }
}
