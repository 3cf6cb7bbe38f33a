//! Takes the parts of a GGUF file off its front. Every method fails when there is too little left.

/// A place in a file: what is before it has been read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    file: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { file, position: 0 }
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.file.len() - self.position
    }

    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8], String> {
        let (start, left) = (self.position, self.left());
        let count = usize::try_from(count)
            .ok()
            .filter(|&count| count <= left)
            .ok_or_else(|| format!("at byte {start}, {count} bytes should follow, but there are {left}"))?;
        self.position = start + count;
        Ok(&self.file[start..self.position])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N as u64)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things of which each takes at least `least` bytes of the rest of the file.
    pub(super) fn count(&mut self, what: &str, least: usize) -> Result<usize, String> {
        let count = self.u64()?;
        let fits = |count: &usize| count.checked_mul(least).is_some_and(|bytes| bytes <= self.left());
        let enough = usize::try_from(count).ok().filter(fits);
        enough.ok_or_else(|| format!("{count} {what} should follow, but only {} bytes do", self.left()))
    }

    /// A text: its length and then its bytes, which are UTF-8.
    pub(super) fn string(&mut self) -> Result<&'a str, String> {
        let length = self.u64()?;
        let start = self.position;
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map_err(|_| format!("the text at byte {start} is not UTF-8"))
    }
}
