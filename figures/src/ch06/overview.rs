//! Where the chapter stands in the book.

use crate::parts::RoadMap;
use crate::{Drawing, Figure, p, t};

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    RoadMap::at_chapter(6).draw(&mut d, p(0.0, 0.0));
    let desc = t(
        "The nine steps of the book in three stages. Build the model, steps 1 to 3, and pretrain it, steps 4 to 7, are done. \
         Fine-tune it: step 8, a classifier, is this chapter and marked; step 9, an assistant, is still to come.",
        "全书分三个阶段，共九步。搭建模型（第 1 到第 3 步）和预训练（第 4 到第 7 步）都已完成。微调：第 8 步，分类器，就是本章，\
         已标出；第 9 步，助手，还在后面。",
    );
    let title = t("Where we are: the model becomes a classifier", "我们在这里：模型变成分类器");
    Figure::new("6-01", title, desc, d)
}
